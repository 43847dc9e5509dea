#include "image/normalize.h"

#include "make_files.h"

#include <doctest/doctest.h>

#include <vector>

namespace lip::image {

TEST_CASE("planes hold normalised values in channel order") {
    const Image image = noise(7, 5);
    const std::size_t pixels = 35;
    std::vector<float> planes(3 * pixels);
    to_planar(image, kClipMean, kClipStd, planes.data());
    for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t i = 0; i < pixels; ++i) {
            const double want = (image.rgb[3 * i + c] / 255.0 - kClipMean[c]) / kClipStd[c];
            CHECK(planes[c * pixels + i] == doctest::Approx(want).epsilon(1e-5));
        }
    }
}

TEST_CASE("half mean and deviation give -1 and 1") {
    const Image image{2, 1, {0, 255, 0, 255, 0, 255}};
    std::vector<float> planes(6);
    to_planar(image, kHalfMean, kHalfStd, planes.data());
    CHECK(planes == std::vector<float>{-1, 1, 1, -1, -1, 1});
}

TEST_CASE("byte planes are the bytes") {
    const Image image{2, 1, {1, 2, 3, 4, 5, 6}};
    std::vector<std::uint8_t> planes(6);
    to_planar_bytes(image, planes.data());
    CHECK(planes == std::vector<std::uint8_t>{1, 4, 2, 5, 3, 6});
}

}  // namespace lip::image
