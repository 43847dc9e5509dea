#include "image/palette.h"

#include "cli/error.h"
#include "make_files.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <set>
#include <vector>

namespace lip::image {

TEST_CASE("colours of Pascal VOC") {
    const auto palette = voc_palette();
    CHECK(palette[0] == Rgb{0, 0, 0});
    CHECK(palette[1] == Rgb{128, 0, 0});
    CHECK(palette[2] == Rgb{0, 128, 0});
    CHECK(palette[8] == Rgb{64, 0, 0});
    CHECK(palette[15] == Rgb{192, 128, 128});
    CHECK(palette[20] == Rgb{0, 64, 128});
    CHECK(palette[255] == Rgb{224, 224, 192});
    CHECK(std::set<Rgb>(palette.begin(), palette.end()).size() == 256);
}

TEST_CASE("bright colours can be told apart") {
    CHECK(bright_colour(0) == Rgb{255, 0, 0});
    for (std::size_t i = 0; i < 20; ++i)
        for (std::size_t j = 0; j < i; ++j) {
            int apart = 0;
            for (std::size_t c = 0; c < 3; ++c)
                apart += std::abs(bright_colour(i)[c] - bright_colour(j)[c]);
            CAPTURE(i);
            CAPTURE(j);
            CHECK(apart > 60);
        }
}

TEST_CASE("overlays mix by weight") {
    const Image image{2, 1, {100, 100, 100, 10, 20, 30}};
    const Mask mask{2, 1, {0, 1}};
    const std::vector<Rgb> palette = {{0, 0, 0}, {255, 0, 0}};
    CHECK(overlay(image, mask, palette, 0) == image);
    CHECK(overlay(image, mask, palette, 1).rgb == std::vector<std::uint8_t>{0, 0, 0, 255, 0, 0});
    CHECK(overlay(image, mask, palette, 0.5).rgb ==
          std::vector<std::uint8_t>{50, 50, 50, 133, 10, 15});
}

TEST_CASE("overlays that do not fit are refused") {
    const Image image = make_image(2, 1);
    const std::vector<Rgb> palette(1);
    CHECK_THROWS_AS(overlay(image, {1, 2, {0, 0}}, palette, 0.5), cli::DataError);
    CHECK_THROWS_AS(overlay(image, {2, 1, {0, 1}}, palette, 0.5), cli::DataError);
    CHECK_THROWS_AS(overlay(image, {2, 1, {0, 0}}, palette, 1.5), cli::DataError);
}

}  // namespace lip::image
