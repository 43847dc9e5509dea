// Pixels as every function of this room takes and returns them. Plain values, safe to copy;
// functions of this room keep no state and may be called from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lip::image {

using Rgb = std::array<std::uint8_t, 3>;

// Most pixels an image may have (16384 x 16384); larger files are refused before they allocate.
inline constexpr std::int64_t kMaxPixels = std::int64_t{1} << 28;

// Packed rows, three bytes a pixel, red first, no padding: rgb.size() == 3 * width * height.
struct Image {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgb;
};

// One value a pixel, for example a class: value.size() == width * height.
struct Mask {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> value;
};

// Whole pixels: columns x .. x + width - 1, rows y .. y + height - 1.
struct Box {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;
};

// Edges in pixels; a pixel covers [i, i + 1), so the whole image is {0, 0, width, height}.
struct FloatBox {
    float x0 = 0;
    float y0 = 0;
    float x1 = 0;
    float y1 = 0;
};

inline bool operator==(const Image& a, const Image& b) {
    return a.width == b.width && a.height == b.height && a.rgb == b.rgb;
}
inline bool operator==(const Mask& a, const Mask& b) {
    return a.width == b.width && a.height == b.height && a.value == b.value;
}
inline bool operator==(const Box& a, const Box& b) {
    return a.x == b.x && a.y == b.y && a.width == b.width && a.height == b.height;
}

inline std::size_t pixel_count(int width, int height) {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
}

// A black image. Requires positive sides.
inline Image make_image(int width, int height) {
    return {width, height, std::vector<std::uint8_t>(3 * pixel_count(width, height))};
}

// Where the pixel in column x of row y starts in Image::rgb.
inline std::size_t pixel_offset(const Image& image, int x, int y) {
    return 3 * (pixel_count(image.width, y) + static_cast<std::size_t>(x));
}

}  // namespace lip::image
