#include "detect/owlv2_pixels.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace lip::detect {
namespace {

// What pixels of the source one pixel of the result is made of: first, first + 1, ... by weight.
struct Taps {
    int first = 0;
    std::vector<float> weights;
};

// The Gaussian's weights, the centre in the middle; one weight of 1 where nothing shrinks.
std::vector<double> gaussian(double sigma) {
    if (sigma <= 0) return {1};
    const int radius = static_cast<int>(std::ceil(3 * sigma));
    std::vector<double> weights;
    double sum = 0;
    for (int i = -radius; i <= radius; ++i) {
        weights.push_back(std::exp(-0.5 * (i / sigma) * (i / sigma)));
        sum += weights.back();
    }
    for (double& weight : weights) weight /= sum;
    return weights;
}

// Blur and resizing as one step along a side: each of `side` pixels from the `length` pixels that
// the image has of a line of `square`; behind them the line is black.
std::vector<Taps> taps_of(int square, int length, int side) {
    const double f = static_cast<double>(square) / side;
    const std::vector<double> blur = gaussian((f - 1) / 2);
    const auto radius = static_cast<std::int64_t>(blur.size() / 2);
    std::vector<Taps> all(static_cast<std::size_t>(side));
    std::vector<double> line(static_cast<std::size_t>(length));
    for (int i = 0; i < side; ++i) {
        const double at = std::max((i + 0.5) * f - 0.5, 0.0);
        const auto left = static_cast<std::int64_t>(at);
        const double fraction = at - static_cast<double>(left);
        std::int64_t first = length, end = 0;
        const auto add = [&](std::int64_t centre, double share) {
            for (std::int64_t k = -radius; k <= radius; ++k) {
                std::int64_t x = std::abs(centre + k);  // mirrored at the first pixel,
                if (x >= square) x = 2 * (static_cast<std::int64_t>(square) - 1) - x;  // the last
                if (x < 0 || x >= length) continue;                                    // black
                line[static_cast<std::size_t>(x)] +=
                    share * blur[static_cast<std::size_t>(k + radius)];
                first = std::min(first, x);
                end = std::max(end, x + 1);
            }
        };
        add(left, 1 - fraction);
        add(std::min<std::int64_t>(left + 1, square - 1), fraction);
        Taps& taps = all[static_cast<std::size_t>(i)];
        if (first >= end) continue;
        taps.first = static_cast<int>(first);
        for (std::int64_t x = first; x < end; ++x)
            taps.weights.push_back(
                static_cast<float>(std::exchange(line[static_cast<std::size_t>(x)], 0.0)));
    }
    return all;
}

}  // namespace

std::vector<float> owlv2_pixels(const image::Image& image, int side, std::span<const double> mean,
                                std::span<const double> std) {
    const int square = std::max(image.width, image.height);
    const std::vector<Taps> across = taps_of(square, image.width, side);
    const std::vector<Taps> down = taps_of(square, image.height, side);
    const auto row_size = 3 * static_cast<std::size_t>(side);
    // Rows of the source, `side` pixels wide: [height, side, 3] in 0..1.
    std::vector<float> rows(static_cast<std::size_t>(image.height) * row_size);
    for (int y = 0; y < image.height; ++y) {
        float* out = &rows[static_cast<std::size_t>(y) * row_size];
        for (const Taps& taps : across) {
            const std::uint8_t* rgb = &image.rgb[image::pixel_offset(image, taps.first, y)];
            float sum[3] = {0, 0, 0};
            for (const float weight : taps.weights)
                for (float& channel : sum) channel += weight * static_cast<float>(*rgb++);
            for (const float channel : sum) *out++ = channel / 255.0F;
        }
    }
    const std::size_t plane = image::pixel_count(side, side);
    std::vector<float> planes(3 * plane), sum(row_size);
    for (int y = 0; y < side; ++y) {
        const Taps& taps = down[static_cast<std::size_t>(y)];
        std::fill(sum.begin(), sum.end(), 0.0F);
        const float* from = &rows[static_cast<std::size_t>(taps.first) * row_size];
        for (const float weight : taps.weights)
            for (float& value : sum) value += weight * *from++;
        for (std::size_t c = 0; c < 3; ++c) {
            const auto m = static_cast<float>(mean[c]), s = static_cast<float>(std[c]);
            float* out = &planes[c * plane + static_cast<std::size_t>(y) * row_size / 3];
            for (std::size_t x = 0; x < row_size / 3; ++x) out[x] = (sum[3 * x + c] - m) / s;
        }
    }
    return planes;
}

}  // namespace lip::detect
