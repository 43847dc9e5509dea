// Pictures and files for the tests of this room, made without the code under test.
#pragma once

#include "image/image.h"
#include "record/keyed_rng.h"

#include <cstdio>  // jpeglib.h needs it and does not include it

#include <jpeglib.h>
#include <png.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace lip::image {

inline record::KeyedRng test_rng(std::string_view key) {
    return {17, 0, record::Stream::kAugmentation, key};
}

inline std::vector<std::uint8_t> noise_bytes(std::size_t count, std::string_view key) {
    record::KeyedRng rng = test_rng(key);
    std::vector<std::uint8_t> bytes(count);
    for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(rng.below(256));
    return bytes;
}

inline Image noise(int width, int height) {
    return {width, height, noise_bytes(3 * pixel_count(width, height), "noise")};
}

inline Image gradient(int width, int height) {
    Image image = make_image(width, height);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            std::uint8_t* p = &image.rgb[pixel_offset(image, x, y)];
            p[0] = static_cast<std::uint8_t>(255 * x / width);
            p[1] = static_cast<std::uint8_t>(255 * y / height);
            p[2] = 100;
        }
    }
    return image;
}

// How make_png() stores the rows it is given.
struct PngForm {
    int colour = PNG_COLOR_TYPE_RGB;
    int bits = 8;
    bool is_interlaced = false;
    std::vector<png_color> palette{};
    std::string exif{};  // TIFF structure of an eXIf chunk
};

// `rows` are as PNG stores them before filtering, height rows of equal length.
inline std::string make_png(int width, int height, const PngForm& form,
                            const std::vector<std::uint8_t>& rows) {
    std::string bytes;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(
        png, &bytes,
        [](png_structp p, png_bytep data, png_size_t n) {
            static_cast<std::string*>(png_get_io_ptr(p))->append(reinterpret_cast<char*>(data), n);
        },
        nullptr);
    png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height),
                 form.bits, form.colour, form.is_interlaced ? PNG_INTERLACE_ADAM7 : 0, 0, 0);
    if (!form.palette.empty()) {
        png_set_PLTE(png, info, form.palette.data(), static_cast<int>(form.palette.size()));
    }
    std::vector<png_byte> exif(form.exif.begin(), form.exif.end());
    if (!exif.empty()) {
        png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()), exif.data());
    }
    png_write_info(png, info);
    std::vector<png_bytep> pointers;
    std::vector<std::uint8_t> copy = rows;
    const std::size_t row_bytes = rows.size() / static_cast<std::size_t>(height);
    for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
        pointers.push_back(copy.data() + y * row_bytes);
    }
    png_write_image(png, pointers.data());
    png_write_end(png, nullptr);
    png_destroy_write_struct(&png, &info);
    return bytes;
}

// How make_jpeg() stores the samples it is given.
struct JpegForm {
    J_COLOR_SPACE samples = JCS_RGB;
    J_COLOR_SPACE stored = JCS_YCbCr;
    int channels = 3;
    bool is_progressive = false;
    std::string app1{};  // body of an APP1 marker
    // Of the first channel, against 1 x 1 of the others; 0: libjpeg's choice.
    int across = 0;
    int down = 0;
};

inline std::string make_jpeg(int width, int height, const JpegForm& form,
                             const std::vector<std::uint8_t>& samples) {
    jpeg_compress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    unsigned char* out = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&info, &out, &size);
    info.image_width = static_cast<JDIMENSION>(width);
    info.image_height = static_cast<JDIMENSION>(height);
    info.input_components = form.channels;
    info.in_color_space = form.samples;
    jpeg_set_defaults(&info);
    jpeg_set_colorspace(&info, form.stored);
    jpeg_set_quality(&info, 100, TRUE);
    if (form.across > 0) {
        info.comp_info[0].h_samp_factor = form.across;
        info.comp_info[0].v_samp_factor = form.down;
    }
    if (form.is_progressive) jpeg_simple_progression(&info);
    jpeg_start_compress(&info, TRUE);
    if (!form.app1.empty()) {
        jpeg_write_marker(&info, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(form.app1.data()),
                          static_cast<unsigned>(form.app1.size()));
    }
    std::vector<std::uint8_t> copy = samples;
    const std::size_t row_bytes = samples.size() / static_cast<std::size_t>(height);
    for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
        JSAMPROW row = copy.data() + y * row_bytes;
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    std::string bytes(reinterpret_cast<char*>(out), size);
    jpeg_destroy_compress(&info);
    std::free(out);
    return bytes;
}

// A TIFF structure with one entry: tag 0x0112, type SHORT.
inline std::string tiff_with_orientation(int orientation, bool is_little) {
    const char value = static_cast<char>(orientation);
    if (is_little) {
        std::string tiff("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0?\0\0\0\0\0\0\0", 26);
        tiff[18] = value;
        return tiff;
    }
    std::string tiff("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0?\0\0\0\0\0\0", 26);
    tiff[19] = value;
    return tiff;
}

inline int largest_gap(const Image& a, const Image& b) {
    if (a.width != b.width || a.height != b.height) return 256;
    int gap = 0;
    for (std::size_t i = 0; i < a.rgb.size(); ++i) {
        const int d = std::abs(int{a.rgb[i]} - int{b.rgb[i]});
        gap = d > gap ? d : gap;
    }
    return gap;
}

}  // namespace lip::image
