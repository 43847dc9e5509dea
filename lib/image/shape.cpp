#include "image/shape.h"

#include "image/row_filters.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <numbers>
#include <vector>

namespace lip::image {
namespace {

// The pixel of a row or column that stands for pixel i, which may be outside by less than a side.
int mirrored(int i, int side) {
    if (i < 0) return -i;
    return i < side ? i : 2 * side - 2 - i;
}

std::vector<double> gaussian(float sigma, int radius) {
    std::vector<double> weights;
    double sum = 0;
    for (int i = -radius; i <= radius; ++i) {
        weights.push_back(std::exp(-0.5 * i * i / (sigma * sigma)));
        sum += weights.back();
    }
    for (double& w : weights) w /= sum;
    return weights;
}

int blur_radius(float sigma, int side) {
    return std::min(static_cast<int>(std::ceil(3 * sigma)), side - 1);
}

// Rows as they are, blurred across.
std::vector<std::uint8_t> blurred_across(const Image& image, float sigma, std::size_t stride) {
    const int radius = blur_radius(sigma, image.width);
    const std::vector<double> weights = gaussian(sigma, radius);
    Taps taps;
    for (int x = 0; x < image.width; ++x) add_span(x, weights, taps);
    const int padded = image.width + 2 * radius;
    make_parts(padded, taps);
    std::vector<std::uint8_t> row(3 * static_cast<std::size_t>(padded) + kPadding);
    std::vector<std::uint8_t> rows(stride * static_cast<std::size_t>(image.height));
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < padded; ++x) {
            const std::size_t from = pixel_offset(image, mirrored(x - radius, image.width), y);
            std::memcpy(&row[3 * static_cast<std::size_t>(x)], &image.rgb[from], 3);
        }
        row_filters().across(row.data(), taps, &rows[stride * static_cast<std::size_t>(y)]);
    }
    return rows;
}

}  // namespace

void flip(Image& image) {
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width / 2; ++x)
            std::swap_ranges(&image.rgb[pixel_offset(image, x, y)],
                             &image.rgb[pixel_offset(image, x, y)] + 3,
                             &image.rgb[pixel_offset(image, image.width - 1 - x, y)]);
}

void transform(Image& image, const Affine& from) {
    Image out = make_image(image.width, image.height);
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x) {
            const float u = static_cast<float>(x) + 0.5F, v = static_cast<float>(y) + 0.5F;
            const float column = from.a * u + from.b * v + from.c;
            const float row = from.d * u + from.e * v + from.f;
            if (!(column >= 0 && column < static_cast<float>(image.width) && row >= 0 &&
                  row < static_cast<float>(image.height)))
                continue;
            std::memcpy(
                &out.rgb[pixel_offset(out, x, y)],
                &image.rgb[pixel_offset(image, static_cast<int>(column), static_cast<int>(row))],
                3);
        }
    }
    image = std::move(out);
}

Affine rotation(const Image& image, float degrees) {
    const float angle = degrees * std::numbers::pi_v<float> / 180;
    const float cosine = std::cos(angle), sine = std::sin(angle);
    const float x = static_cast<float>(image.width) / 2, y = static_cast<float>(image.height) / 2;
    return {cosine, -sine, x - cosine * x + sine * y, sine, cosine, y - sine * x - cosine * y};
}

void blur(Image& image, float sigma) {
    const std::size_t bytes = 3 * static_cast<std::size_t>(image.width);
    const std::size_t stride = bytes + kPadding;
    const std::vector<std::uint8_t> rows = blurred_across(image, sigma, stride);
    const int radius = blur_radius(sigma, image.height);
    Taps taps;
    add_span(0, gaussian(sigma, radius), taps);
    std::vector<const std::uint8_t*> entering(static_cast<std::size_t>(2 * radius + 1));
    for (int y = 0; y < image.height; ++y) {
        for (int k = -radius; k <= radius; ++k)
            entering[static_cast<std::size_t>(k + radius)] =
                &rows[stride * static_cast<std::size_t>(mirrored(y + k, image.height))];
        row_filters().down(entering.data(), taps, taps.spans.front(),
                           &image.rgb[pixel_offset(image, 0, y)], bytes);
    }
}

void adjust_sharpness(Image& image, double factor) {
    if (image.width <= 2 || image.height <= 2) return;
    const Image source = image;
    const auto row_bytes = 3 * static_cast<std::ptrdiff_t>(image.width);
    for (int y = 1; y + 1 < image.height; ++y) {
        const std::size_t start = pixel_offset(source, 1, y);
        for (std::size_t i = start; i < start + 3 * static_cast<std::size_t>(image.width - 2);
             ++i) {
            const std::uint8_t* at = source.rgb.data() + i;
            int sum = 4 * at[0];
            for (const std::ptrdiff_t row : {-row_bytes, std::ptrdiff_t{0}, row_bytes})
                sum += at[row - 3] + at[row] + at[row + 3];
            const float smooth = std::nearbyint(static_cast<float>(sum) / 13);
            const float value = static_cast<float>(factor) * static_cast<float>(at[0]) +
                                static_cast<float>(1 - factor) * smooth;
            image.rgb[i] = static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F));
        }
    }
}

}  // namespace lip::image
