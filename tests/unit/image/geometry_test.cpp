#include "image/geometry.h"

#include "cli/error.h"
#include "make_files.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace lip::image {

TEST_CASE("random crops stay inside and keep their ranges") {
    record::KeyedRng rng = test_rng("crops");
    const CropRange range{0.2, 1.0, 0.5, 2.0};
    double least = 1;
    double most = 0;
    for (int i = 0; i < 2000; ++i) {
        const Box box = random_resized_crop(500, 375, range, rng);
        CHECK((box.x >= 0 && box.y >= 0 && box.width > 0 && box.height > 0));
        CHECK((box.x + box.width <= 500 && box.y + box.height <= 375));
        const double area = static_cast<double>(box.width) * box.height / (500.0 * 375.0);
        const double ratio = static_cast<double>(box.width) / box.height;
        least = std::min(least, area);
        most = std::max(most, area);
        CHECK((ratio > 0.49 && ratio < 2.02));
    }
    CHECK(least < 0.22);
    CHECK(least > 0.195);
    CHECK(most > 0.9);
}

TEST_CASE("the same key draws the same crop") {
    record::KeyedRng a = test_rng("a");
    record::KeyedRng again = test_rng("a");
    record::KeyedRng b = test_rng("b");
    const Box box = random_resized_crop(640, 480, {}, a);
    CHECK(box == random_resized_crop(640, 480, {}, again));
    CHECK(!(box == random_resized_crop(640, 480, {}, b)));
}

TEST_CASE("images that no try fits get the centred box") {
    record::KeyedRng rng = test_rng("thin");
    CHECK(random_resized_crop(3, 400, {}, rng) == Box{0, 198, 3, 4});
    CHECK(random_resized_crop(400, 3, {}, rng) == Box{198, 0, 4, 3});
    CHECK(random_resized_crop(1, 1, {}, rng) == Box{0, 0, 1, 1});
    // Larger than the image at any ratio: all of it, as its ratio is in range.
    CHECK(random_resized_crop(100, 90, {2.0, 3.0, 0.75, 1.33}, rng) == Box{0, 0, 100, 90});
}

TEST_CASE("centre crops round half to even") {
    CHECK(center_crop(300, 224, 224, 224) == Box{38, 0, 224, 224});
    CHECK(center_crop(225, 227, 224, 224) == Box{0, 2, 224, 224});
    CHECK(center_crop(229, 231, 224, 224) == Box{2, 4, 224, 224});
    CHECK(center_crop(10, 300, 224, 224) == Box{0, 38, 10, 224});
}

TEST_CASE("where the image lies in the square") {
    const auto at = [](int w, int h, ResizeMode mode) {
        const Placement p = place(w, h, 224, mode);
        return Box{static_cast<int>(p.left), static_cast<int>(p.top), static_cast<int>(p.width),
                   static_cast<int>(p.height)};
    };
    CHECK(at(500, 375, ResizeMode::kShortest) == Box{-37, 0, 298, 224});
    CHECK(at(375, 500, ResizeMode::kShortest) == Box{0, -37, 224, 298});
    CHECK(at(500, 375, ResizeMode::kSquash) == Box{0, 0, 224, 224});
    CHECK(at(500, 375, ResizeMode::kLongest) == Box{0, 28, 224, 168});
    CHECK(at(400, 301, ResizeMode::kLongest) == Box{0, 27, 224, 169});
    CHECK(at(41, 448, ResizeMode::kLongest) == Box{102, 0, 20, 224});  // 20.5
    CHECK(at(43, 448, ResizeMode::kLongest) == Box{101, 0, 22, 224});  // 21.5
    CHECK(at(1, 100000, ResizeMode::kLongest) == Box{111, 0, 1, 224});
    CHECK(place(1, 1000000, 16384, ResizeMode::kShortest).height == 16384000000);
}

TEST_CASE("preprocess equals its steps") {
    for (const auto& [w, h] : {std::pair{50, 37}, {37, 50}, {3, 90}, {90, 3}, {16, 16}, {1, 1}}) {
        const Image image = noise(w, h);
        const Placement p = place(w, h, 32, ResizeMode::kShortest);
        const Image full =
            resize(image, static_cast<int>(p.width), static_cast<int>(p.height), Filter::kBicubic);
        const Image got = preprocess(image, {32, ResizeMode::kShortest, Filter::kBicubic, {}});
        CHECK(got == crop(full, center_crop(full.width, full.height, 32, 32)));
        CHECK(preprocess(image, {32, ResizeMode::kSquash, Filter::kBilinear, {}}) ==
              resize(image, 32, 32, Filter::kBilinear));
    }
}

TEST_CASE("the longest side fits, the rest is padded") {
    const Image image = noise(40, 20);
    const Image square = preprocess(image, {32, ResizeMode::kLongest, Filter::kBicubic, {1, 2, 3}});
    CHECK(crop(square, {0, 8, 32, 16}) == resize(image, 32, 16, Filter::kBicubic));
    for (const int y : {0, 7, 24, 31}) {
        const std::size_t at = pixel_offset(square, 13, y);
        CHECK(Rgb{square.rgb[at], square.rgb[at + 1], square.rgb[at + 2]} == Rgb{1, 2, 3});
    }
}

TEST_CASE("overlap of boxes") {
    const UnitBox left = {0, 0, 0.5, 1}, right = {0.5, 0, 1, 1}, all = {0, 0, 1, 1};
    CHECK(iou(all, all) == 1);
    CHECK(iou(left, right) == 0);
    CHECK(iou(left, all) == 0.5);
    CHECK(iou({0, 0, 0.2, 0.2}, {0.1, 0.1, 0.3, 0.3}) == doctest::Approx(1.0 / 7));
    CHECK(iou({0.5, 0.5, 0.5, 0.5}, {0.5, 0.5, 0.5, 0.5}) == 0);
    CHECK(area({0.6, 0, 0.5, 1}) == 0);
    CHECK(area({NAN, 0, 1, 1}) == 0);
    CHECK(clipped({-0.5, 0.25, 1.5, 0.75}) == UnitBox{0, 0.25, 1, 0.75});
}

TEST_CASE("very thin images cost no memory") {
    const Image line = noise(100000, 1);
    const Image square = preprocess(line, {64, ResizeMode::kShortest, Filter::kBicubic, {}});
    CHECK(square.rgb.size() == 3 * 64 * 64);
}

TEST_CASE("senseless sizes are refused") {
    CHECK_THROWS_AS(preprocess(noise(2, 2), {0, ResizeMode::kSquash, Filter::kBicubic, {}}),
                    cli::DataError);
    CHECK_THROWS_AS(preprocess(noise(2, 2), {99999, ResizeMode::kSquash, Filter::kBicubic, {}}),
                    cli::DataError);
    CHECK_THROWS_AS(preprocess(Image{}, {}), cli::DataError);
}

}  // namespace lip::image
