#include "image/decode_region.h"

#include "cli/error.h"
#include "image/decode.h"
#include "make_files.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

namespace lip::image {
namespace {

struct Sampling {
    int across, down;
};
constexpr Sampling kSamplings[] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}};

std::string jpeg_of(const Image& image, Sampling sampling, bool is_progressive = false) {
    return make_jpeg(
        image.width, image.height,
        {.is_progressive = is_progressive, .across = sampling.across, .down = sampling.down},
        image.rgb);
}

// Colours that change from pixel to pixel, but not so much that a reduced picture is only noise.
Image waves(int width, int height) {
    Image image = make_image(width, height);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            std::uint8_t* p = &image.rgb[pixel_offset(image, x, y)];
            p[0] = static_cast<std::uint8_t>(128 + 100 * std::sin(0.11 * x + 0.05 * y));
            p[1] = static_cast<std::uint8_t>(128 + 100 * std::sin(0.07 * y));
            p[2] = static_cast<std::uint8_t>(128 + 100 * std::cos(0.09 * (x - y)));
        }
    return image;
}

Image by_hand(const std::string& file, const Region& region) {
    const auto whole = decode(file);
    REQUIRE(whole);
    return resize_crop(*whole, region.box, region.width, region.height, region.filter);
}

double mean_gap(const Image& a, const Image& b) {
    REQUIRE(a.rgb.size() == b.rgb.size());
    double sum = 0;
    for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += std::abs(int{a.rgb[i]} - int{b.rgb[i]});
    return sum / static_cast<double>(a.rgb.size());
}

const Box kBoxes[] = {{0, 0, 77, 61}, {13, 9, 64, 50}, {31, 22, 33, 31}, {1, 60, 76, 1}};

// All that differs from `exact` at full scale are weights of 14 bits: one at most, twice.
void check_both(const std::string& file, const std::string& what) {
    CAPTURE(what);
    for (const Box& box : kBoxes) {
        CAPTURE(box.x);
        Region region{.box = box, .width = 40, .height = 29, .exact = true};
        const auto exact = decode_region(file, region);
        REQUIRE(exact);
        CHECK(*exact == by_hand(file, region));
        region.exact = false;
        const auto fast = decode_region(file, region);
        REQUIRE(fast);
        CHECK(largest_gap(*fast, *exact) <= 2);
    }
}

}  // namespace

TEST_CASE("exact regions are the bytes of decode and resize_crop, others nearly so at full scale") {
    const Image image = noise(77, 61);
    for (const Sampling sampling : kSamplings)
        for (const bool is_progressive : {false, true})
            check_both(jpeg_of(image, sampling, is_progressive),
                       std::to_string(sampling.across) + "x" + std::to_string(sampling.down));
    check_both(make_jpeg(77, 61, {.samples = JCS_GRAYSCALE, .stored = JCS_GRAYSCALE, .channels = 1},
                         noise_bytes(77 * 61, "grey")),
               "grey");
    check_both(make_jpeg(77, 61, {.samples = JCS_CMYK, .stored = JCS_YCCK, .channels = 4},
                         noise_bytes(4 * 77 * 61, "inks")),
               "YCCK");
    check_both(make_png(77, 61, {}, image.rgb), "PNG");
}

TEST_CASE("a flat picture stays flat in fast regions") {
    const Image flat{60, 60, std::vector<std::uint8_t>(3 * 3600, 201)};
    const auto small = decode_region(make_jpeg(60, 60, {}, flat.rgb),
                                     {.box = {3, 4, 51, 47}, .width = 17, .height = 19});
    REQUIRE(small);
    for (const std::uint8_t byte : small->rgb) CHECK(byte == 201);
}

TEST_CASE("regions decoded at 1/2, 1/4 and 1/8 show the same part") {
    const Image image = waves(413, 299);
    for (const Sampling sampling : kSamplings)
        for (const int side : {100, 70, 30, 12}) {
            CAPTURE(sampling.across);
            CAPTURE(sampling.down);
            CAPTURE(side);
            const Region region{.box = {101, 53, 250, 203}, .width = side, .height = side};
            const std::string file = jpeg_of(image, sampling);
            const auto small = decode_region(file, region);
            REQUIRE(small);
            // Colour that is coarser in one direction loses some of it.
            const bool is_even = sampling.across == sampling.down;
            CHECK(mean_gap(*small, by_hand(file, region)) <= (is_even ? 3 : 7));
            // The measure sees a box that is off by two pixels.
            Region shifted = region;
            shifted.box.x += 2;
            shifted.box.y += 2;
            CHECK(mean_gap(*small, by_hand(file, shifted)) >
                  mean_gap(*small, by_hand(file, region)));
        }
}

TEST_CASE("a file cut above the end of the box is refused, below it only if exact") {
    const Image image = noise(64, 256);
    for (const Sampling sampling : kSamplings) {
        CAPTURE(sampling.down);
        std::string file = jpeg_of(image, sampling);
        file.resize(file.size() / 2);
        Region region{.box = {0, 0, 64, 64}, .width = 32, .height = 32};
        CHECK(decode_region(file, region));
        region.exact = true;
        const auto exact = decode_region(file, region);
        REQUIRE_FALSE(exact);
        CHECK(exact.reject().word == "bad-image");
        for (const int top : {0, 100, 190}) {
            region = {.box = {0, top, 64, 200 - std::min(top, 150)}, .width = 32, .height = 32};
            const auto low = decode_region(file, region);
            REQUIRE_FALSE(low);
            CHECK(low.reject().word == "bad-image");
        }
    }
    std::string progressive = jpeg_of(image, {2, 2}, /*is_progressive=*/true);
    progressive.resize(progressive.size() / 2);
    CHECK_FALSE(decode_region(progressive, {.box = {0, 0, 64, 64}, .width = 32, .height = 32}));
}

TEST_CASE("regions that leave the picture, and what is no picture") {
    const std::string file = jpeg_of(noise(20, 20), {2, 2});
    CHECK_THROWS_AS(decode_region(file, {.box = {0, 0, 21, 20}, .width = 8, .height = 8}),
                    cli::DataError);
    CHECK_THROWS_AS(decode_region(file, {.box = {0, 0, 20, 20}, .width = 0, .height = 8}),
                    cli::DataError);
    CHECK(decode_region("", {}).reject().word == "bad-image");
}

TEST_CASE("stray bytes between the markers change no pixel of a part") {
    const Image image = waves(77, 61);
    const std::string good = jpeg_of(image, {2, 2});
    std::string bytes = good;
    bytes.insert(bytes.find("\xFF\xDA"), "stray");
    for (const Box& box : kBoxes) {
        const Region region{.box = box, .width = 16, .height = 16};
        const auto part = decode_region(bytes, region);
        REQUIRE(part);
        CHECK(*part == *decode_region(good, region));
    }
}

}  // namespace lip::image
