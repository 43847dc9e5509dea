#include "scenes/image_files.h"

#include "cli/error.h"

#include <cstdio>  // jpeglib.h needs it before

#include <jpeglib.h>
#include <png.h>

#include <array>
#include <cmath>
#include <csetjmp>
#include <cstdlib>
#include <memory>
#include <numbers>
#include <string>

namespace lip::demo {

using cli::DataError;

namespace {

constexpr int kQuality = 90;

struct JpegError {
    jpeg_error_mgr base;  // first: libjpeg hands back a pointer to it
    std::jmp_buf leave;
};

[[noreturn]] void leave_encoder(j_common_ptr info) {
    std::longjmp(reinterpret_cast<JpegError*>(info->err)->leave, 1);
}

struct EncodedJpeg {
    unsigned char* bytes = nullptr;  // from malloc
    unsigned long count = 0;
};

// Fills `out`. No object of this function has a destructor: the encoder may jump back into it.
bool compress(const std::uint8_t* rgb, int size, EncodedJpeg* out) {
    jpeg_compress_struct info;
    JpegError error;
    info.err = jpeg_std_error(&error.base);
    error.base.error_exit = leave_encoder;
    if (setjmp(error.leave) != 0) {
        jpeg_destroy_compress(&info);
        return false;
    }
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &out->bytes, &out->count);
    info.image_width = info.image_height = static_cast<JDIMENSION>(size);
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, kQuality, TRUE);
    info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
        auto* row = const_cast<JSAMPROW>(rgb + std::size_t{info.next_scanline} * 3 *
                                                   static_cast<std::size_t>(size));
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    return true;
}

// Black, then hues a golden angle apart, so that neighbours differ. 256 entries make the indices
// 8 bits wide whatever the number of kinds.
std::array<png_byte, 256 * 3> make_palette() {
    std::array<png_byte, 256 * 3> palette{};
    for (std::size_t i = 1; i < 256; ++i) {
        const double hue = static_cast<double>(i) * std::numbers::pi * (3 - std::sqrt(5.0));
        for (std::size_t channel = 0; channel < 3; ++channel) {
            const double phase = hue + 2 * std::numbers::pi / 3 * static_cast<double>(channel);
            palette[i * 3 + channel] = static_cast<png_byte>(155 + 100 * std::cos(phase));
        }
    }
    return palette;
}

}  // namespace

std::vector<std::uint8_t> encode_jpeg(std::span<const std::uint8_t> rgb, int size) {
    EncodedJpeg encoded;
    const bool done = compress(rgb.data(), size, &encoded);
    const std::unique_ptr<unsigned char, void (*)(void*)> guard(encoded.bytes, std::free);
    if (!done) throw DataError("JPEG encoding failed: out of memory");
    return {encoded.bytes, encoded.bytes + encoded.count};
}

std::vector<std::uint8_t> encode_mask(std::span<const std::uint8_t> mask, int size) {
    static const std::array<png_byte, 256 * 3> palette = make_palette();
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = image.height = static_cast<png_uint_32>(size);
    image.format = PNG_FORMAT_RGB_COLORMAP;
    image.colormap_entries = 256;
    png_alloc_size_t count = PNG_IMAGE_PNG_SIZE_MAX(image);
    std::vector<std::uint8_t> bytes(count);
    if (png_image_write_to_memory(&image, bytes.data(), &count, 0, mask.data(), 0,
                                  palette.data()) == 0) {
        throw DataError(std::string("PNG encoding failed: ") + image.message);
    }
    bytes.resize(count);
    return bytes;
}

}  // namespace lip::demo
