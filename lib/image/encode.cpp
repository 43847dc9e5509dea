#include "image/encode.h"

#include "cli/error.h"
#include "image/orientation.h"
#include "image/trap.h"

#include <cstdio>  // jpeglib.h needs it and does not include it

#include <jpeglib.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <utility>

namespace lip::image {
namespace {

constexpr int kMaxPngSide = 1000000;
constexpr int kDeflateLevel = 6;

// Owns the compressor and its output. Not movable: libjpeg keeps pointers into it.
class JpegCompressor {
public:
    JpegCompressor() {
        info.err = jpeg_std_error(&errors_);
        info.client_data = &trap;
        errors_.error_exit = fail;
        errors_.output_message = [](j_common_ptr) {};
    }
    JpegCompressor(const JpegCompressor&) = delete;
    JpegCompressor& operator=(const JpegCompressor&) = delete;
    ~JpegCompressor() {
        jpeg_destroy_compress(&info);
        std::free(bytes);  // NOLINT(cppcoreguidelines-no-malloc): libjpeg takes it from malloc
    }

    jpeg_compress_struct info{};
    Trap trap;
    unsigned char* bytes = nullptr;
    unsigned long size = 0;

private:
    static void fail(j_common_ptr common) {
        std::array<char, JMSG_LENGTH_MAX> text{};
        common->err->format_message(common, text.data());
        spring_trap(*static_cast<Trap*>(common->client_data), text.data());
    }

    jpeg_error_mgr errors_{};
};

// What an indexed or RGB picture needs to be written as PNG.
struct PngSource {
    int width;
    int height;
    const std::uint8_t* rows;
    std::size_t row_bytes;
    std::span<const Rgb> palette;  // empty: RGB
};

// Owns libpng's structures and the bytes written. Not movable: libpng keeps pointers into it.
class PngWriter {
public:
    PngWriter() = default;
    PngWriter(const PngWriter&) = delete;
    PngWriter& operator=(const PngWriter&) = delete;
    ~PngWriter() { png_destroy_write_struct(&png_, &info_); }

    [[nodiscard]] bool write(const PngSource& source) {
        return run_trapped(trap, [this, &source] {
            png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, &trap, fail, overlook);
            if (png_ == nullptr) spring_trap(trap, "libpng did not start");
            info_ = png_create_info_struct(png_);
            if (info_ == nullptr) spring_trap(trap, "libpng did not start");
            png_set_write_fn(png_, this, take, flush);
            png_set_compression_level(png_, kDeflateLevel);
            const bool is_indexed = !source.palette.empty();
            png_set_IHDR(png_, info_, static_cast<png_uint_32>(source.width),
                         static_cast<png_uint_32>(source.height), 8,
                         is_indexed ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_RGB,
                         PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
            if (is_indexed) set_palette(source.palette);
            png_write_info(png_, info_);
            for (int y = 0; y < source.height; ++y) {
                png_write_row(png_, source.rows + source.row_bytes * static_cast<std::size_t>(y));
            }
            png_write_end(png_, nullptr);
        });
    }

    Trap trap;
    std::string bytes;

private:
    void set_palette(std::span<const Rgb> palette) {
        std::array<png_color, PNG_MAX_PALETTE_LENGTH> colours{};
        for (std::size_t i = 0; i < palette.size(); ++i) {
            colours[i] = {palette[i][0], palette[i][1], palette[i][2]};
        }
        png_set_PLTE(png_, info_, colours.data(), static_cast<int>(palette.size()));
    }

    [[noreturn]] static void fail(png_structp png, png_const_charp message) {
        spring_trap(*static_cast<Trap*>(png_get_error_ptr(png)), message);
    }
    static void overlook(png_structp, png_const_charp) {}
    static void flush(png_structp) {}

    // No exception may cross libpng: memory that runs out becomes an error of libpng.
    static void take(png_structp png, png_bytep data, png_size_t count) {
        bool fits = true;
        try {
            static_cast<PngWriter*>(png_get_io_ptr(png))
                ->bytes.append(reinterpret_cast<const char*>(data), count);
        } catch (const std::exception&) {
            fits = false;
        }
        if (!fits) png_error(png, "out of memory");
    }

    png_structp png_ = nullptr;
    png_infop info_ = nullptr;
};

void check_sides(int width, int height, int most, const char* format) {
    if (width >= 1 && height >= 1 && width <= most && height <= most) return;
    throw cli::DataError(std::string("cannot write ") + std::to_string(width) + " x " +
                         std::to_string(height) + " pixels as " + format + "; each side has 1 to " +
                         std::to_string(most));
}

std::string write_png(const PngSource& source) {
    PngWriter writer;
    if (writer.write(source)) return std::move(writer.bytes);
    throw cli::DataError(std::string("cannot write PNG: ") + writer.trap.message.data());
}

}  // namespace

std::string encode_jpeg(const Image& image, int quality, int orientation) {
    check_sides(image.width, image.height, JPEG_MAX_DIMENSION, "JPEG");
    if (quality < 1 || quality > 100) {
        throw cli::DataError("JPEG quality " + std::to_string(quality) + " is not in 1..100");
    }
    JpegCompressor jpeg;
    const std::string exif =
        orientation >= 2 && orientation <= 8 ? exif_with_orientation(orientation) : "";
    const bool done = run_trapped(jpeg.trap, [&jpeg, &image, &exif, quality] {
        jpeg_create_compress(&jpeg.info);
        jpeg_mem_dest(&jpeg.info, &jpeg.bytes, &jpeg.size);
        jpeg.info.image_width = static_cast<JDIMENSION>(image.width);
        jpeg.info.image_height = static_cast<JDIMENSION>(image.height);
        jpeg.info.input_components = 3;
        jpeg.info.in_color_space = JCS_RGB;
        jpeg_set_defaults(&jpeg.info);
        jpeg_set_quality(&jpeg.info, quality, TRUE);
        jpeg_start_compress(&jpeg.info, TRUE);
        if (!exif.empty()) {
            jpeg_write_marker(&jpeg.info, JPEG_APP0 + 1,
                              reinterpret_cast<const JOCTET*>(exif.data()),
                              static_cast<unsigned>(exif.size()));
        }
        for (int y = 0; y < image.height; ++y) {
            // libjpeg takes rows that it does not change as pointers to non-const.
            JSAMPROW row = const_cast<JSAMPROW>(image.rgb.data() + pixel_offset(image, 0, y));
            jpeg_write_scanlines(&jpeg.info, &row, 1);
        }
        jpeg_finish_compress(&jpeg.info);
    });
    if (!done) {
        throw cli::DataError(std::string("cannot write JPEG: ") + jpeg.trap.message.data());
    }
    return {reinterpret_cast<const char*>(jpeg.bytes), jpeg.size};
}

std::string encode_png(const Image& image) {
    check_sides(image.width, image.height, kMaxPngSide, "PNG");
    return write_png({image.width,
                      image.height,
                      image.rgb.data(),
                      3 * static_cast<std::size_t>(image.width),
                      {}});
}

std::string encode_png_indexed(const Mask& mask, std::span<const Rgb> palette) {
    check_sides(mask.width, mask.height, kMaxPngSide, "PNG");
    if (palette.empty() || palette.size() > PNG_MAX_PALETTE_LENGTH) {
        throw cli::DataError("a palette has 1 to 256 colours, not " +
                             std::to_string(palette.size()));
    }
    const std::uint8_t largest = *std::max_element(mask.value.begin(), mask.value.end());
    if (largest >= palette.size()) {
        throw cli::DataError("mask value " + std::to_string(largest) + " has no colour; the " +
                             "palette ends at " + std::to_string(palette.size() - 1));
    }
    return write_png({mask.width, mask.height, mask.value.data(),
                      static_cast<std::size_t>(mask.width), palette});
}

}  // namespace lip::image
