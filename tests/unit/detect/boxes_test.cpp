#include "detect/boxes.h"

#include <doctest/doctest.h>

#include <cmath>

namespace lip::detect {
namespace {

constexpr Box kLeft = {0, 0, 0.5, 1}, kRight = {0.5, 0, 1, 1}, kAll = {0, 0, 1, 1};

std::vector<double> scores(const std::vector<Detection>& all) {
    std::vector<double> out;
    for (const Detection& one : all) out.push_back(one.score);
    return out;
}

// Keeps all that have an area.
Selection everything() {
    return {.min_score = -1, .nms_iou = 1, .min_area = 0};
}

TEST_CASE("boxes that are kept stand by score, equal ones as given") {
    const std::vector<Detection> kept =
        select({{kLeft, 0, 0.2}, {kRight, 1, 0.9}, {kAll, 2, 0.2}}, everything(), 10, 10);
    REQUIRE(kept.size() == 3);
    CHECK(kept[0].phrase == 1);
    CHECK(kept[1].phrase == 0);
    CHECK(kept[2].phrase == 2);
}

TEST_CASE("a score must be above the least one") {
    Selection s = everything();
    s.min_score = 0.5;
    const auto kept = select({{kLeft, 0, 0.5}, {kRight, 0, 0.51}, {kAll, 0, NAN}}, s, 10, 10);
    CHECK(scores(kept) == std::vector<double>{0.51});
}

TEST_CASE("overlapping boxes of a phrase lose to a better one, those of others stay") {
    Selection s = everything();
    s.nms_iou = 0.5;
    const Box most = {0, 0, 0.8, 1};  // overlaps the whole by 0.8, the left half by 0.625
    CHECK(scores(select({{most, 0, 0.8}, {kAll, 0, 0.9}}, s, 10, 10)) == std::vector<double>{0.9});
    CHECK(select({{most, 1, 0.8}, {kAll, 0, 0.9}}, s, 10, 10).size() == 2);
    // What lost takes nothing with it: the left half overlaps the whole by no more than 0.5.
    CHECK(scores(select({{kLeft, 0, 0.7}, {most, 0, 0.8}, {kAll, 0, 0.9}}, s, 10, 10)) ==
          std::vector<double>{0.9, 0.7});
    s.nms_iou = 1;
    CHECK(select({{most, 0, 0.8}, {kAll, 0, 0.9}}, s, 10, 10).size() == 2);
}

TEST_CASE("of boxes with the same corners only the best phrase stays") {
    const auto kept = select({{kLeft, 0, 0.3}, {kLeft, 1, 0.4}}, everything(), 10, 10);
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].phrase == 1);
}

TEST_CASE("areas are shares of the square on the long side, after the cut at the border") {
    Selection s = everything();
    s.min_area = 0.25;
    // Half of an image twice as wide as high is a quarter of its square.
    CHECK(select({{kLeft, 0, 0.9}}, s, 200, 100).size() == 1);
    CHECK(select({{kLeft, 0, 0.9}}, s, 201, 100).empty());
    CHECK(select({{kLeft, 0, 0.9}}, s, 100, 200).size() == 1);
    CHECK(select({{{-1, 0, 0.2, 1}, 0, 0.9}}, s, 100, 100).empty());
    s.min_area = 0;
    CHECK(select({{{1.1, 0, 1.5, 1}, 0, 0.9}}, s, 100, 100).empty());
    CHECK(select({{{NAN, 0, 1, 1}, 0, 0.9}}, s, 100, 100).empty());
}

TEST_CASE("the number of boxes is limited from below") {
    Selection s = everything();
    s.max_boxes = 1;
    CHECK(scores(select({{kLeft, 0, 0.1}, {kRight, 1, 0.9}}, s, 10, 10)) ==
          std::vector<double>{0.9});
}

}  // namespace
}  // namespace lip::detect
