#include "image/outline.h"

#include <doctest/doctest.h>

#include <numeric>
#include <string>

namespace lip::image {
namespace {

Mask empty(int width, int height) {
    Mask mask{width, height, {}};
    mask.value.assign(pixel_count(width, height), 0);
    return mask;
}

// Rows of digits.
std::string shown(const Mask& mask) {
    std::string text;
    for (std::size_t i = 0; i < mask.value.size(); ++i) {
        if (i > 0 && i % static_cast<std::size_t>(mask.width) == 0) text += ' ';
        text += static_cast<char>('0' + mask.value[i]);
    }
    return text;
}

std::string polygon(const std::vector<double>& corners, int width = 5, int height = 4) {
    Mask mask = empty(width, height);
    fill_polygon(mask, corners, 3);
    return shown(mask);
}

TEST_CASE("outline: a polygon holds the pixels whose centre is inside") {
    CHECK(polygon({1, 1, 4, 1, 4, 3, 1, 3}) == "00000 03330 03330 00000");
    CHECK(polygon({1.4, 1, 3.6, 1, 3.6, 3, 1.4, 3}) == "00000 03330 03330 00000");
    CHECK(polygon({1.6, 1, 3.4, 1, 3.4, 3, 1.6, 3}) == "00000 00300 00300 00000");
    CHECK(polygon({0, 0, 4.2, 0, 0, 4.2}) == "33330 33300 33000 30000");
    CHECK(polygon({-9, -9, 20, -9, 20, 20, -9, 20}) == "33333 33333 33333 33333");
    // Even-odd: a hole where the way crosses itself.
    CHECK(polygon({0, 0, 5, 0, 5, 4, 0, 4, 0, 0, 1, 1, 4, 1, 4, 3, 1, 3, 1, 1}) ==
          "33333 30003 30003 33333");
    for (const std::vector<double>& flat : {std::vector<double>{}, {1, 1}, {1, 1, 3, 3}})
        CHECK(polygon(flat) == "00000 00000 00000 00000");
}

TEST_CASE("outline: runs go down the columns") {
    Mask mask = empty(3, 2);
    CHECK(fill_runs(mask, std::vector<std::uint32_t>{1, 2, 3}, 4));
    CHECK(shown(mask) == "040 400");
    for (const std::vector<std::uint32_t>& bad :
         {std::vector<std::uint32_t>{1, 2}, {1, 2, 4}, {7}, {1, 4294967295U, 2}, {}}) {
        Mask other = empty(3, 2);
        CHECK(!fill_runs(other, bad, 4));
    }
}

// The text is what pycocotools 2 encodes for these pixels.
TEST_CASE("outline: runs packed into text") {
    const auto runs = unpack_runs("=420;2LKI");
    REQUIRE(runs);
    Mask mask = empty(9, 6);
    CHECK(std::accumulate(runs->begin(), runs->end(), 0U) == 54);
    CHECK(fill_runs(mask, *runs, 1));
    CHECK(shown(mask) == "000000100 001100100 001100100 001100101 001100100 000000100");
    CHECK(unpack_runs("")->empty());
    for (const char* bad : {"a b", "~", "`", "PPPPPPPPPPP`", "O"}) {
        CAPTURE(bad);
        CHECK(!unpack_runs(bad));
    }
}

}  // namespace
}  // namespace lip::image
