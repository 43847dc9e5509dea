#include "image/png_reader.h"

#include "image/trap.h"

#include <png.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace lip::image {
namespace {

constexpr png_uint_32 kMaxSide = 1000000;
constexpr int kStripRows = 16;

// Owns libpng's structures. Not movable: libpng keeps pointers into it.
class PngFile {
public:
    explicit PngFile(std::string_view bytes) : rest_(bytes) {}
    PngFile(const PngFile&) = delete;
    PngFile& operator=(const PngFile&) = delete;
    ~PngFile() { png_destroy_read_struct(&png, &info, nullptr); }

    // Reads all chunks before the pixels.
    [[nodiscard]] bool open() {
        return run_trapped(trap, [this] {
            png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &trap, fail, overlook);
            if (png == nullptr) spring_trap(trap, "libpng did not start");
            info = png_create_info_struct(png);
            if (info == nullptr) spring_trap(trap, "libpng did not start");
            png_set_read_fn(png, this, give);
            png_set_user_limits(png, kMaxSide, kMaxSide);
            // Texts, profiles and the like are passed over: libpng allocates and clears what such
            // a chunk claims to have, 2 GiB if it says so, before it reads any of it.
            png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
            constexpr png_byte kOrientation[] = "eXIf";
            png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_AS_DEFAULT, kOrientation, 1);
            png_read_info(png, info);
        });
    }

    int width() const { return static_cast<int>(png_get_image_width(png, info)); }
    int height() const { return static_cast<int>(png_get_image_height(png, info)); }

    int orientation() {
        png_uint_32 size = 0;
        png_bytep data = nullptr;
        const bool fine = run_trapped(trap, [this, &size, &data] {
            if (png_get_eXIf_1(png, info, &size, &data) == 0) size = 0;
        });
        if (!fine || data == nullptr) return 1;
        return exif_orientation({reinterpret_cast<const char*>(data), size});
    }

    cli::Reject broken(std::string_view word) const {
        return {word, std::string("broken PNG data: ") + trap.message.data()};
    }

    png_structp png = nullptr;
    png_infop info = nullptr;
    Trap trap;

private:
    [[noreturn]] static void fail(png_structp png, png_const_charp message) {
        spring_trap(*static_cast<Trap*>(png_get_error_ptr(png)), message);
    }
    // libpng warns about chunks that carry no pixels, and goes on without them.
    static void overlook(png_structp, png_const_charp) {}

    static void give(png_structp png, png_bytep to, png_size_t count) {
        PngFile& file = *static_cast<PngFile*>(png_get_io_ptr(png));
        if (count > file.rest_.size()) png_error(png, "the file is truncated");
        std::memcpy(to, file.rest_.data(), count);
        file.rest_.remove_prefix(count);
    }

    std::string_view rest_;
};

bool is_too_large(const PngFile& file) {
    return std::int64_t{file.width()} * file.height() > kMaxPixels;
}

cli::Reject too_large(const PngFile& file, std::string_view word) {
    return {word, "PNG of " + std::to_string(file.width()) + " x " + std::to_string(file.height()) +
                      " pixels; at most 2^28 are read"};
}

// Reads all rows, `row_bytes` each, and the chunks after them, so that a cut file is noticed.
// `pixels` grows with the rows that really came, but at once if the rows come interlaced.
bool read_pixels(PngFile& file, std::size_t row_bytes, std::vector<std::uint8_t>& pixels) {
    int passes = 1;
    const bool ready = run_trapped(file.trap, [&file, &passes] {
        passes = png_set_interlace_handling(file.png);
        png_read_update_info(file.png, file.info);
    });
    if (!ready) return false;
    if (png_get_rowbytes(file.png, file.info) != row_bytes) {
        std::strcpy(file.trap.message.data(), "unexpected kind of pixels");
        return false;
    }
    const int height = file.height();
    const int strip = passes == 1 ? kStripRows : height;
    pixels.reserve(row_bytes * static_cast<std::size_t>(height));
    for (int y = 0; y < height; y += strip) {
        const int rows = std::min(strip, height - y);
        pixels.resize(row_bytes * static_cast<std::size_t>(y + rows));
        std::uint8_t* to = pixels.data() + row_bytes * static_cast<std::size_t>(y);
        const bool came = run_trapped(file.trap, [&file, to, row_bytes, rows, passes] {
            for (int pass = 0; pass < passes; ++pass) {
                for (int row = 0; row < rows; ++row) {
                    png_read_row(file.png, to + row_bytes * static_cast<std::size_t>(row), nullptr);
                }
            }
        });
        if (!came) return false;
    }
    return run_trapped(file.trap, [&file] { png_read_end(file.png, nullptr); });
}

}  // namespace

cli::Result<Header> read_png_header(std::string_view bytes) {
    PngFile file(bytes);
    if (!file.open()) return file.broken("bad-image");
    if (is_too_large(file)) return too_large(file, "bad-image");
    return Header{Kind::kPng, file.width(), file.height(), file.orientation()};
}

cli::Result<DecodedImage> decode_png(std::string_view bytes) {
    PngFile file(bytes);
    if (!file.open()) return file.broken("bad-image");
    if (is_too_large(file)) return too_large(file, "bad-image");
    DecodedImage decoded{{file.width(), file.height(), {}}, file.orientation()};
    const bool ready = run_trapped(file.trap, [&file] {
        png_set_expand(file.png);  // palettes to RGB, grey of 1, 2, 4 bits to 8, tRNS to alpha
        png_set_strip_16(file.png);
        png_set_gray_to_rgb(file.png);
        png_set_strip_alpha(file.png);
    });
    const std::size_t row_bytes = 3 * static_cast<std::size_t>(file.width());
    if (!ready || !read_pixels(file, row_bytes, decoded.image.rgb)) return file.broken("bad-image");
    return decoded;
}

cli::Result<Mask> decode_png_mask(std::string_view bytes) {
    PngFile file(bytes);
    if (!file.open()) return file.broken("bad-mask");
    if (is_too_large(file)) return too_large(file, "bad-mask");
    const int colour = png_get_color_type(file.png, file.info);
    const int bits = png_get_bit_depth(file.png, file.info);
    if ((colour != PNG_COLOR_TYPE_PALETTE && colour != PNG_COLOR_TYPE_GRAY) || bits > 8) {
        return cli::Reject{"bad-mask",
                           "PNG with colours, alpha or 16 bits; a mask is indexed or grey "
                           "with at most 8 bits"};
    }
    Mask mask{file.width(), file.height(), {}};
    const bool ready = run_trapped(file.trap, [&file] { png_set_packing(file.png); });
    const std::size_t row_bytes = static_cast<std::size_t>(file.width());
    if (!ready || !read_pixels(file, row_bytes, mask.value)) return file.broken("bad-mask");
    return mask;
}

}  // namespace lip::image
