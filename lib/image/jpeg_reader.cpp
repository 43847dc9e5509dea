#include "image/jpeg_reader.h"

#include "image/jpeg_decompressor.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lip::image {
namespace {

constexpr int kStripRows = 16;

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
