#include "image/resize.h"

#include "cli/error.h"
#include "make_files.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace lip::image {
namespace {

double kernel(double x, Filter filter) {
    x = std::abs(x);
    if (filter == Filter::kBilinear) return std::max(0.0, 1 - x);
    if (x < 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
    if (x < 2) return -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2;
    return 0;
}

// One channel of one pixel by the formula, in floating point and without rounding in between.
double exact(const Image& image, double from, double to, int out, int i, int row_or_column,
             bool is_across, Filter filter, std::size_t channel) {
    const int in = is_across ? image.width : image.height;
    const double scale = (to - from) / out;
    const double stretch = std::max(1.0, scale);
    const double centre = from + (i + 0.5) * scale;
    double sum = 0;
    double weights = 0;
    for (int k = 0; k < in; ++k) {
        const double w = kernel((k + 0.5 - centre) / stretch, filter);
        const std::size_t at = is_across ? pixel_offset(image, k, row_or_column)
                                         : pixel_offset(image, row_or_column, k);
        sum += w * image.rgb[at + channel];
        weights += w;
    }
    return std::clamp(sum / weights, 0.0, 255.0);
}

void check_formula(const Image& image, int out, bool is_across, Filter filter) {
    const Image got = is_across ? resize(image, out, image.height, filter)
                                : resize(image, image.width, out, filter);
    const int lines = is_across ? image.height : image.width;
    double gap = 0;
    for (int i = 0; i < out; ++i) {
        for (int line = 0; line < lines; ++line) {
            for (std::size_t c = 0; c < 3; ++c) {
                const double want = exact(image, 0, is_across ? image.width : image.height, out, i,
                                          line, is_across, filter, c);
                const std::size_t at =
                    is_across ? pixel_offset(got, i, line) : pixel_offset(got, line, i);
                gap = std::max(gap, std::abs(want - got.rgb[at + c]));
            }
        }
    }
    CHECK(gap <= 0.501);
}

}  // namespace

TEST_CASE("each pass follows the formula, up and down, in odd sizes") {
    for (const Filter filter : {Filter::kBilinear, Filter::kBicubic}) {
        for (const int out : {1, 2, 7, 31, 64}) {
            check_formula(noise(29, 5), out, true, filter);
            check_formula(noise(5, 29), out, false, filter);
            check_formula(noise(1, 3), out, true, filter);
            check_formula(noise(33, 1), out, false, filter);
        }
    }
}

TEST_CASE("both passes: across first, rounded to bytes, then down") {
    const Image image = noise(45, 37);
    for (const Filter filter : {Filter::kBilinear, Filter::kBicubic}) {
        const Image steps = resize(resize(image, 20, 37, filter), 20, 50, filter);
        CHECK(resize(image, 20, 50, filter) == steps);
    }
}

TEST_CASE("values known from Pillow") {
    const Image ramp{4, 1, {0, 10, 20, 40, 50, 60, 80, 90, 100, 200, 210, 255}};
    CHECK(resize(ramp, 2, 1, Filter::kBicubic).rgb ==
          std::vector<std::uint8_t>{20, 30, 39, 133, 143, 169});
    CHECK(resize(ramp, {0.5F, 0, 3.25F, 1}, 3, 1, Filter::kBilinear).rgb ==
          std::vector<std::uint8_t>{18, 28, 38, 55, 65, 75, 115, 125, 145});
}

TEST_CASE("the same size is the same image") {
    const Image image = noise(31, 18);
    CHECK(resize(image, 31, 18, Filter::kBicubic) == image);
    CHECK(resize_crop(image, {0, 0, 31, 18}, 31, 18, Filter::kBilinear) == image);
}

TEST_CASE("a plain colour stays") {
    Image image = make_image(50, 3);
    std::fill(image.rgb.begin(), image.rgb.end(), std::uint8_t{201});
    for (const int side : {1, 2, 50, 77}) {
        const Image out = resize(image, side, 2 * side, Filter::kBicubic);
        CHECK(out.rgb == std::vector<std::uint8_t>(out.rgb.size(), 201));
    }
}

TEST_CASE("resize_crop is crop and resize; resize with a box looks around it") {
    const Image image = noise(60, 40);
    const Box box{7, 9, 31, 22};
    const Image cropped = resize(crop(image, box), 16, 24, Filter::kBicubic);
    CHECK(resize_crop(image, box, 16, 24, Filter::kBicubic) == cropped);
    CHECK(!(resize(image, {7, 9, 38, 31}, 16, 24, Filter::kBicubic) == cropped));
}

TEST_CASE("a window of the result is that part of it") {
    const Image image = noise(60, 40);
    const Image full = resize(image, 90, 33, Filter::kBicubic);
    const Image part = resize_window(image, 90, 33, {13, 5, 41, 20}, Filter::kBicubic);
    CHECK(part == crop(full, {13, 5, 41, 20}));
    CHECK(resize_window(image, 90, 33, {0, 0, 90, 33}, Filter::kBicubic) == full);
}

TEST_CASE("boxes and sizes that make no sense are refused") {
    const Image image = noise(10, 8);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const auto boxed = [&image](const FloatBox& box) {
        return resize(image, box, 4, 4, Filter::kBicubic);
    };
    CHECK_THROWS_AS(boxed({0, 0, 10.01F, 8}), cli::DataError);
    CHECK_THROWS_AS(boxed({-0.01F, 0, 10, 8}), cli::DataError);
    CHECK_THROWS_AS(boxed({3, 0, 3, 8}), cli::DataError);
    CHECK_THROWS_AS(boxed({0, nan, 10, 8}), cli::DataError);
    CHECK_THROWS_AS(resize(image, 0, 4, Filter::kBicubic), cli::DataError);
    CHECK_THROWS_AS(resize(image, 1 << 20, 1 << 20, Filter::kBicubic), cli::DataError);
    CHECK_THROWS_AS(resize(Image{}, 4, 4, Filter::kBicubic), cli::DataError);
    CHECK_THROWS_AS(crop(image, {5, 0, 6, 8}), cli::DataError);
    CHECK_THROWS_AS(crop(image, {0, 0, 0, 8}), cli::DataError);
    CHECK_THROWS_AS(resize_window(image, 5, 5, {2, 0, 4, 5}, Filter::kBicubic), cli::DataError);
}

}  // namespace lip::image
