// WebP files for the tests of this room, made without the code under test.
#pragma once

#include "make_files.h"

#include <webp/encode.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace lip::image {

// `size` bytes of a number, the lowest first.
inline std::string little_endian(std::uint64_t value, int size) {
    std::string bytes;
    for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFFU);
    return bytes;
}

inline std::string webp_chunk(const std::string& name, const std::string& body) {
    return name + little_endian(body.size(), 4) + body + std::string(body.size() % 2, '\0');
}

inline std::string webp_riff(const std::string& chunks) {
    return webp_chunk("RIFF", "WEBP" + chunks);
}

// A file of one chunk, "VP8L".
inline std::string make_lossless_webp(const Image& image) {
    std::uint8_t* out = nullptr;
    const std::size_t size =
        WebPEncodeLosslessRGB(image.rgb.data(), image.width, image.height, 3 * image.width, &out);
    std::string bytes(reinterpret_cast<char*>(out), size);
    WebPFree(out);
    return bytes;
}

// A file of one chunk, "VP8 ".
inline std::string make_lossy_webp(const Image& image, float quality) {
    std::uint8_t* out = nullptr;
    const std::size_t size =
        WebPEncodeRGB(image.rgb.data(), image.width, image.height, 3 * image.width, quality, &out);
    std::string bytes(reinterpret_cast<char*>(out), size);
    WebPFree(out);
    return bytes;
}

// The chunk of pixels of such a file.
inline std::string webp_pixels(const std::string& file) {
    return file.substr(12);
}

enum WebpFlags : std::uint8_t { kWebpAnimation = 0x02, kWebpExif = 0x08, kWebpAlpha = 0x10 };

inline std::string webp_canvas(int width, int height, std::uint8_t flags) {
    return webp_chunk("VP8X", little_endian(flags, 4) +
                                  little_endian(static_cast<std::uint64_t>(width - 1), 3) +
                                  little_endian(static_cast<std::uint64_t>(height - 1), 3));
}

inline std::string make_webp_with_exif(const Image& image, const std::string& exif) {
    return webp_riff(webp_canvas(image.width, image.height, kWebpExif) +
                     webp_pixels(make_lossless_webp(image)) + webp_chunk("EXIF", exif));
}

// One frame of an animation; x and y are even.
inline std::string webp_frame(const Image& image, int x, int y) {
    const auto number = [](int value) {
        return little_endian(static_cast<std::uint64_t>(value), 3);
    };
    return webp_chunk("ANMF", number(x / 2) + number(y / 2) + number(image.width - 1) +
                                  number(image.height - 1) + number(100) + std::string(1, '\0') +
                                  webp_pixels(make_lossless_webp(image)));
}

inline std::string make_webp_animation(int width, int height, const std::string& frames) {
    return webp_riff(webp_canvas(width, height, kWebpAnimation) +
                     webp_chunk("ANIM", std::string("\xFF\xFF\xFF\xFF\0\0", 6)) + frames);
}

}  // namespace lip::image
