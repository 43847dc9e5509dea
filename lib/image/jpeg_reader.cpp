#include "image/jpeg_reader.h"

#include "image/trap.h"

#include <cstdio>  // jpeglib.h needs it and does not include it

#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace lip::image {
namespace {

constexpr std::string_view kExifHead("Exif\0\0", 6);
constexpr int kStripRows = 16;
// Encoders write 1 to 10 scans. Each further one costs a pass over the whole picture, so that a
// small file could keep a reader busy for hours.
constexpr int kMaxScans = 200;

// Warnings that do not put the pixels in doubt: a newer JFIF number, an unknown Adobe transform.
bool is_harmless(int warning) {
    return warning == JWRN_JFIF_MAJOR || warning == JWRN_ADOBE_XFORM;
}

// Owns the decompressor. Not movable: libjpeg keeps pointers into it.
class Decompressor {
public:
    explicit Decompressor(std::string_view bytes) : bytes_(bytes) {
        info.err = jpeg_std_error(&errors_);
        info.client_data = &trap;
        errors_.error_exit = fail;
        errors_.emit_message = warn;
        progress_.progress_monitor = watch_scans;
    }
    Decompressor(const Decompressor&) = delete;
    Decompressor& operator=(const Decompressor&) = delete;
    ~Decompressor() { jpeg_destroy_decompress(&info); }

    [[nodiscard]] bool open() {
        return run_trapped(trap, [this] {
            jpeg_create_decompress(&info);
            info.progress = &progress_;
            jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
            jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes_.data()),
                         static_cast<unsigned long>(bytes_.size()));
            jpeg_read_header(&info, TRUE);
        });
    }

    int orientation() const {
        for (const jpeg_marker_struct* m = info.marker_list; m != nullptr; m = m->next) {
            const std::string_view data(reinterpret_cast<const char*>(m->data), m->data_length);
            if (data.substr(0, kExifHead.size()) != kExifHead) continue;
            return exif_orientation(data.substr(kExifHead.size()));
        }
        return 1;
    }

    cli::Reject broken() const {
        return {"bad-image", std::string("broken JPEG data: ") + trap.message.data()};
    }

    jpeg_decompress_struct info{};
    Trap trap;

private:
    static Trap& trap_of(j_common_ptr common) { return *static_cast<Trap*>(common->client_data); }

    static void fail(j_common_ptr common) {
        std::array<char, JMSG_LENGTH_MAX> text{};
        common->err->format_message(common, text.data());
        spring_trap(trap_of(common), text.data());
    }

    static void warn(j_common_ptr common, int level) {
        if (level < 0 && !is_harmless(common->err->msg_code)) fail(common);
    }

    static void watch_scans(j_common_ptr common) {
        if (reinterpret_cast<j_decompress_ptr>(common)->input_scan_number > kMaxScans) {
            spring_trap(trap_of(common), "more than 200 scans");
        }
    }

    std::string_view bytes_;
    jpeg_error_mgr errors_{};
    jpeg_progress_mgr progress_{};
};

// The header, if this is a picture that decode_jpeg() can turn into RGB.
cli::Result<Header> checked_header(const Decompressor& jpeg) {
    const std::int64_t width = jpeg.info.image_width;
    const std::int64_t height = jpeg.info.image_height;
    if (width * height > kMaxPixels) {
        return cli::Reject{"bad-image", "JPEG of " + std::to_string(width) + " x " +
                                            std::to_string(height) +
                                            " pixels; at most 2^28 are read"};
    }
    const int channels = jpeg.info.num_components;
    if (channels != 1 && channels != 3 && channels != 4) {
        return cli::Reject{"bad-image", "JPEG with " + std::to_string(channels) +
                                            " colour channels; 1, 3 or 4 are expected"};
    }
    return Header{Kind::kJpeg, static_cast<int>(width), static_cast<int>(height),
                  jpeg.orientation()};
}

// The divisor 1, 2, 4 or 8 that leaves the smallest short side, rounded up, of at least `wanted`.
// libjpeg knows all eighths, but has fast code for these four only: 3/8 costs more time than 1/2,
// and 5/8 to 7/8 more than all pixels.
unsigned scale_divisor(const Header& header, int wanted) {
    if (wanted <= 0) return 1;
    const int side = std::min(header.width, header.height);
    for (const int divisor : {8, 4, 2}) {
        if ((side + divisor - 1) / divisor >= wanted) return static_cast<unsigned>(divisor);
    }
    return 1;
}

// Inverted CMYK to RGB, each channel (255 - ink) * (255 - black) / 255, rounded.
void rgb_from_inverted_cmyk(const std::vector<std::uint8_t>& inks, std::uint8_t* rgb) {
    for (std::size_t i = 0; i + 3 < inks.size(); i += 4) {
        const unsigned white = inks[i + 3];
        for (std::size_t c = 0; c < 3; ++c) {
            const unsigned product = inks[i + c] * white + 128;
            *rgb++ = static_cast<std::uint8_t>((product + (product >> 8)) >> 8);
        }
    }
}

// Reads `count` further rows into `to`, `stride` bytes apart.
bool read_rows(Decompressor& jpeg, std::uint8_t* to, std::size_t stride, unsigned count) {
    return run_trapped(jpeg.trap, [&jpeg, to, stride, count] {
        for (unsigned done = 0; done < count;) {
            JSAMPROW row = to + done * stride;
            done += jpeg_read_scanlines(&jpeg.info, &row, 1);
        }
    });
}

// Fills `image`, which grows with the rows that really came, so that a header alone does not
// make the program touch the memory of a large picture.
bool read_pixels(Decompressor& jpeg, Image& image) {
    const bool is_cmyk = jpeg.info.out_color_space == JCS_CMYK;
    const std::size_t row_bytes = 3 * static_cast<std::size_t>(image.width);
    std::vector<std::uint8_t> inks(is_cmyk ? 4 * static_cast<std::size_t>(image.width) : 0);
    image.rgb.reserve(3 * pixel_count(image.width, image.height));
    const int strip = is_cmyk ? 1 : kStripRows;
    for (int y = 0; y < image.height; y += strip) {
        const int rows = std::min(strip, image.height - y);
        image.rgb.resize(3 * pixel_count(image.width, y + rows));
        std::uint8_t* to = image.rgb.data() + 3 * pixel_count(image.width, y);
        if (!read_rows(jpeg, is_cmyk ? inks.data() : to, row_bytes, static_cast<unsigned>(rows))) {
            return false;
        }
        if (is_cmyk) rgb_from_inverted_cmyk(inks, to);
    }
    return true;
}

}  // namespace

cli::Result<Header> read_jpeg_header(std::string_view bytes) {
    Decompressor jpeg(bytes);
    if (!jpeg.open()) return jpeg.broken();
    return checked_header(jpeg);
}

cli::Result<DecodedImage> decode_jpeg(std::string_view bytes, int min_short_side) {
    Decompressor jpeg(bytes);
    if (!jpeg.open()) return jpeg.broken();
    const cli::Result<Header> header = checked_header(jpeg);
    if (!header) return header.reject();

    jpeg.info.scale_num = 1;
    jpeg.info.scale_denom = scale_divisor(*header, min_short_side);
    jpeg.info.out_color_space = jpeg.info.num_components == 4 ? JCS_CMYK : JCS_RGB;
    if (!run_trapped(jpeg.trap, [&jpeg] { jpeg_start_decompress(&jpeg.info); })) {
        return jpeg.broken();
    }
    DecodedImage decoded{
        {static_cast<int>(jpeg.info.output_width), static_cast<int>(jpeg.info.output_height), {}},
        header->orientation};
    if (!read_pixels(jpeg, decoded.image)) return jpeg.broken();
    // Reads on to the end marker: a file that lacks it was cut off.
    if (!run_trapped(jpeg.trap, [&jpeg] { jpeg_finish_decompress(&jpeg.info); })) {
        return jpeg.broken();
    }
    return decoded;
}

}  // namespace lip::image
