#include "detect/owlv2_pixels.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace lip::detect {
namespace {

constexpr double kNone[] = {0, 0, 0}, kOne[] = {1, 1, 1};

image::Image grey(int width, int height, const std::vector<int>& values) {
    image::Image image = image::make_image(width, height);
    for (std::size_t i = 0; i < image.rgb.size(); ++i)
        image.rgb[i] = static_cast<std::uint8_t>(values[i / 3 % values.size()]);
    return image;
}

TEST_CASE("an image of the model's size stays as it is, normalised") {
    const double mean[] = {0.5, 0.25, 0}, std[] = {0.5, 0.25, 2};
    image::Image image = image::make_image(2, 2);
    for (std::size_t i = 0; i < 12; ++i) image.rgb[i] = static_cast<std::uint8_t>(20 * i);
    const std::vector<float> planes = owlv2_pixels(image, 2, mean, std);
    REQUIRE(planes.size() == 12);
    for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t p = 0; p < 4; ++p)
            CHECK(planes[4 * c + p] ==
                  doctest::Approx((image.rgb[3 * p + c] / 255.0 - mean[c]) / std[c]));
}

TEST_CASE("what the image leaves of its square is black, right of it or below") {
    const std::vector<float> wide = owlv2_pixels(grey(4, 2, {255}), 4, kNone, kOne);
    const std::vector<float> high = owlv2_pixels(grey(2, 4, {255}), 4, kNone, kOne);
    for (std::size_t y = 0; y < 4; ++y)
        for (std::size_t x = 0; x < 4; ++x) {
            CHECK(wide[4 * y + x] == (y < 2 ? 1.0F : 0.0F));
            CHECK(high[4 * y + x] == (x < 2 ? 1.0F : 0.0F));
        }
}

TEST_CASE("enlarging is bilinear, without a blur") {
    const std::vector<float> planes = owlv2_pixels(grey(2, 2, {0, 255}), 4, kNone, kOne);
    const float row[] = {0, 0.25F, 0.75F, 1};
    for (std::size_t y = 0; y < 4; ++y)
        for (std::size_t x = 0; x < 4; ++x) CHECK(planes[4 * y + x] == doctest::Approx(row[x]));
}

// By the definition: blur the padded, mirrored line, then read it between its pixels.
std::vector<double> slowly(const std::vector<double>& line, int side) {
    const auto n = static_cast<int>(line.size());
    const double f = static_cast<double>(n) / side, sigma = (f - 1) / 2;
    const int radius = static_cast<int>(std::ceil(3 * sigma));
    std::vector<double> blurred;
    for (int i = 0; i < n; ++i) {
        double sum = 0, weights = 0;
        for (int k = -radius; k <= radius; ++k) {
            int x = std::abs(i + k);
            if (x >= n) x = 2 * n - 2 - x;
            const double weight = std::exp(-k * k / (2 * sigma * sigma));
            sum += weight * line[static_cast<std::size_t>(x)];
            weights += weight;
        }
        blurred.push_back(sum / weights);
    }
    std::vector<double> out;
    for (int i = 0; i < side; ++i) {
        const double at = (i + 0.5) * f - 0.5;
        const auto left = static_cast<std::size_t>(at);
        const double share = at - std::floor(at);
        out.push_back((1 - share) * blurred[left] + share * blurred[left + 1]);
    }
    return out;
}

TEST_CASE("shrinking blurs first, mirrored at the border and with the black padding") {
    std::vector<double> padded(23, 0.0);
    image::Image image = image::make_image(23, 17);
    for (int y = 0; y < 17; ++y) {
        const int value = y * 53 % 256;
        padded[static_cast<std::size_t>(y)] = value / 255.0;
        for (int x = 0; x < 23; ++x)
            for (std::size_t c = 0; c < 3; ++c)
                image.rgb[image::pixel_offset(image, x, y) + c] = static_cast<std::uint8_t>(value);
    }
    const std::vector<double> expected = slowly(padded, 6);
    const std::vector<float> planes = owlv2_pixels(image, 6, kNone, kOne);
    for (std::size_t y = 0; y < 6; ++y)
        for (std::size_t x = 0; x < 6; ++x)
            CHECK(planes[6 * y + x] == doctest::Approx(expected[y]).epsilon(1e-5));
}

}  // namespace
}  // namespace lip::detect
