#include "eval/grounding_accuracy.h"

#include <doctest/doctest.h>

#include <cmath>

namespace lip::eval {
namespace {

TEST_CASE("targets are the regions that their text alone points at") {
    record::Record record;
    record.regions = {{{0, 0, 1, 1}, "a dog", "", {}},
                      {{0, 0, 0.5, 1}, "a cat", "", {}},
                      {{0.5, 0, 1, 1}, "a cat", "", {}},
                      {{0, 0, 1, 0.5}, "", "", {}},
                      {{0, 0, 1, 0.25}, "the sky", "", {}}};
    const Targets targets = targets_of(record);
    REQUIRE(targets.all.size() == 2);
    CHECK(targets.all[0].text == "a dog");
    CHECK(targets.all[1].region == 4);
    CHECK(targets.all[1].box == image::UnitBox{0, 0, 1, 0.25});
    CHECK(targets.ambiguous == 2);
    CHECK(targets.without_text == 1);
}

TEST_CASE("means are over the regions of all images, a hit is above the threshold") {
    ImageScore one, other;
    one.add(0.5, 0.5);
    one.add(0.75, 0.5);
    other.add(1, 0.5);
    other.add(0.25, 0.5);
    const auto metrics = accuracy({one, other, {}}, 0.5, 0);
    REQUIRE(metrics.size() == 2);
    CHECK(metrics[0].name == "acc@0.5");
    CHECK(metrics[0].value == 0.5);
    CHECK(metrics[1].name == "mean_iou");
    CHECK(metrics[1].value == 0.625);
    CHECK_FALSE(metrics[0].interval);
}

TEST_CASE("intervals draw images, nothing to measure is no number") {
    ImageScore good, bad;
    good.add(1, 0.75);
    bad.add(0, 0.75);
    const auto metrics = accuracy({good, bad, good, bad}, 0.75, 200);
    CHECK(metrics[0].name == "acc@0.75");
    REQUIRE(metrics[0].interval);
    CHECK(metrics[0].interval->low == 0);
    CHECK(metrics[0].interval->high == 1);
    CHECK(std::isnan(accuracy({}, 0.5, 0)[0].value));
}

}  // namespace
}  // namespace lip::eval
