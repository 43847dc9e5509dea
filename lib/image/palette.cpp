#include "image/palette.h"

#include "cli/error.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace lip::image {

std::array<Rgb, 256> voc_palette() {
    std::array<Rgb, 256> palette{};
    for (unsigned index = 0; index < 256; ++index) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            const unsigned value = (index >> bit & 1U) << (7 - bit / 3);
            std::uint8_t& channel = palette[index][bit % 3];
            channel = static_cast<std::uint8_t>(channel | value);
        }
    }
    return palette;
}

Rgb bright_colour(std::size_t index) {
    constexpr double kGolden = 0.618033988749895;
    struct Tone {
        double saturation, value;
    };
    constexpr Tone kTones[] = {{1, 1}, {0.45, 1}, {1, 0.65}};
    const Tone tone = kTones[index % 3];
    double turns = 0;
    const double hue = 6 * std::modf(static_cast<double>(index) * kGolden, &turns);
    Rgb colour{};
    for (std::size_t c = 0; c < 3; ++c) {
        // 1 near the channel's own hue, at 0, 2 and 4 of 6, falling to 0 two steps away.
        const double away = std::abs(std::remainder(hue - 2.0 * static_cast<double>(c), 6));
        const double share = std::clamp(2 - away, 0.0, 1.0);
        const double level = tone.value * (1 - tone.saturation * (1 - share));
        colour[c] = static_cast<std::uint8_t>(255 * level + 0.5);
    }
    return colour;
}

Image overlay(const Image& image, const Mask& mask, std::span<const Rgb> palette, double alpha) {
    if (image.width != mask.width || image.height != mask.height) {
        throw cli::DataError("mask of " + std::to_string(mask.width) + " x " +
                             std::to_string(mask.height) + " pixels over an image of " +
                             std::to_string(image.width) + " x " + std::to_string(image.height));
    }
    if (!(alpha >= 0 && alpha <= 1)) {
        throw cli::DataError("overlay weight " + std::to_string(alpha) + " is not in 0..1");
    }
    Image out = image;
    for (std::size_t i = 0; i < mask.value.size(); ++i) {
        if (mask.value[i] >= palette.size()) {
            throw cli::DataError("mask value " + std::to_string(mask.value[i]) + " has no colour");
        }
        const Rgb& colour = palette[mask.value[i]];
        for (std::size_t c = 0; c < 3; ++c) {
            std::uint8_t& byte = out.rgb[3 * i + c];
            byte = static_cast<std::uint8_t>((1 - alpha) * byte + alpha * colour[c] + 0.5);
        }
    }
    return out;
}

}  // namespace lip::image
