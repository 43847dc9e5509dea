#include "train/regions.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <set>

namespace lip::train {
namespace {

record::Record record_with_regions() {
    record::Record record;
    record.key = "one";
    for (int i = 0; i < 6; ++i) {
        const double x = i / 10.0;
        record.regions.push_back({{x, 0, x + 0.1, 1}, "phrase " + std::to_string(i), "", {}});
    }
    record.regions.push_back({{0, 0, 1, 1}, "", "label alone", {}});
    record.regions.push_back({{0, 0, 0.01, 0.01}, "a speck", "", {}});
    return record;
}

std::vector<std::string> texts_drawn(std::uint64_t seed, std::uint64_t epoch, std::int64_t most) {
    const DrawnRegions drawn =
        draw_regions(record_with_regions(), 100, 50, 64, image::ResizeMode::kLongest,
                     {.count = most}, seed, epoch);
    CHECK(drawn.too_small == 1);
    std::vector<std::string> texts;
    for (const DrawnRegion& region : drawn.regions) texts.push_back(region.text);
    return texts;
}

TEST_CASE("regions are drawn without repetition, by seed and epoch alone") {
    const std::vector<std::string> first = texts_drawn(1, 0, 4);
    CHECK(first.size() == 4);
    CHECK(std::set(first.begin(), first.end()).size() == 4);
    CHECK(texts_drawn(1, 0, 4) == first);
    std::set<std::vector<std::string>> others;
    for (std::uint64_t epoch = 0; epoch < 20; ++epoch) others.insert(texts_drawn(1, epoch, 4));
    CHECK(others.size() > 10);
    CHECK(texts_drawn(2, 0, 100).size() == 6);
}

TEST_CASE("every region is drawn equally often") {
    std::map<std::string, int> count;
    for (std::uint64_t epoch = 0; epoch < 600; ++epoch)
        for (const std::string& text : texts_drawn(3, epoch, 2)) ++count[text];
    REQUIRE(count.size() == 6);
    for (const auto& [text, n] : count) CHECK(std::abs(n - 200) < 60);  // five deviations
}

TEST_CASE("boxes of regions lie in the square") {
    const DrawnRegions drawn = draw_regions(record_with_regions(), 100, 50, 64,
                                            image::ResizeMode::kLongest, {.count = 6}, 1, 0);
    for (const DrawnRegion& region : drawn.regions) {
        CHECK(region.box[1] == doctest::Approx(0.25));
        CHECK(region.box[3] == doctest::Approx(0.75));
    }
}

}  // namespace
}  // namespace lip::train
