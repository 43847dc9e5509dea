#include "image/normalize.h"

#include "image/row_filters.h"

#include <array>
#include <cstddef>

namespace lip::image {

void to_planar(const Image& image, const float mean[3], const float std[3], float* out) {
    const std::size_t pixels = pixel_count(image.width, image.height);
    // Only 256 values a channel can occur, so each is computed once.
    std::array<std::array<float, 256>, 3> table;
    for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t v = 0; v < 256; ++v) {
            table[c][v] = (static_cast<float>(v) / 255.0F - mean[c]) / std[c];
        }
    }
    const std::uint8_t* rgb = image.rgb.data();
    for (std::size_t i = 0; i < pixels; ++i, rgb += 3) {
        out[i] = table[0][rgb[0]];
        out[pixels + i] = table[1][rgb[1]];
        out[2 * pixels + i] = table[2][rgb[2]];
    }
}

void to_planar_bytes(const Image& image, std::uint8_t* out) {
    row_filters().split(image.rgb.data(), pixel_count(image.width, image.height), out);
}

}  // namespace lip::image
