#include "image/draw.h"

#include "make_files.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace lip::image {
namespace {

std::string drawn(const Box& box, int thickness) {
    Image image = make_image(6, 4);
    draw_outline(image, box, {255, 0, 0}, thickness);
    std::string text;
    for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
        if (i > 0 && i % 18 == 0) text += '/';
        text += image.rgb[i] == 255 ? '#' : '.';
    }
    return text;
}

}  // namespace

TEST_CASE("outlines are inside the box and the image") {
    CHECK(drawn({1, 0, 4, 4}, 1) == ".####./.#..#./.#..#./.####.");
    CHECK(drawn({0, 0, 6, 4}, 2) == "######/######/######/######");
    CHECK(drawn({-2, -2, 5, 4}, 1) == "..#.../###.../....../......");
    CHECK(drawn({4, 2, 100, 100}, 1) == "....../....../....##/....#.");
    CHECK(drawn({2, 1, 2, 2}, 9) == "....../..##../..##../......");
    const std::string nothing = "....../....../....../......";
    CHECK(drawn({2, 1, 2, 2}, 0) == nothing);
    CHECK(drawn({2, 1, 0, 2}, 1) == nothing);
    CHECK(drawn({2, 1, -3, -1}, 1) == nothing);
    CHECK(drawn({50, 50, 3, 3}, 1) == nothing);
}

}  // namespace lip::image
