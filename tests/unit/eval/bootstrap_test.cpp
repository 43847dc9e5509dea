#include "eval/bootstrap.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

namespace lip::eval {
namespace {

TEST_CASE("the same interval every time, another for another seed") {
    std::vector<double> values;
    for (int i = 0; i < 100; ++i) values.push_back(std::sqrt(i));
    const Interval a = bootstrap_mean(values, 200), b = bootstrap_mean(values, 200);
    CHECK(a.low == b.low);
    CHECK(a.high == b.high);
    const Interval c = bootstrap_mean(values, 200, /*seed=*/1);
    CHECK((c.low != a.low || c.high != a.high));
}

TEST_CASE("the interval of a mean is about 1.96 standard errors to each side") {
    std::vector<double> values;
    for (int i = 0; i < 400; ++i) values.push_back(i % 4 == 0);  // mean 0.25
    const Interval interval = bootstrap_mean(values, 2000);
    const double error = std::sqrt(0.25 * 0.75 / 400);
    CHECK((0.25 - interval.low) / error == doctest::Approx(1.96).epsilon(0.04));
    CHECK((interval.high - 0.25) / error == doctest::Approx(1.96).epsilon(0.04));
}

TEST_CASE("values that are all equal leave no doubt") {
    const Interval interval = bootstrap_mean(std::vector<double>(10, 0.5), 50);
    CHECK(interval.low == 0.5);
    CHECK(interval.high == 0.5);
}

TEST_CASE("a resample has as many picks as items, ascending") {
    std::size_t calls = 0, changed = 0;
    bootstrap(7, 20, [&](std::span<const std::uint32_t> picks) {
        ++calls;
        CHECK(picks.size() == 7);
        CHECK(std::is_sorted(picks.begin(), picks.end()));
        CHECK(picks.back() < 7);
        changed += std::adjacent_find(picks.begin(), picks.end()) != picks.end();
        return std::vector<double>{0};
    });
    CHECK(calls == 20);
    CHECK(changed > 15);
}

TEST_CASE("metrics that do not exist in a resample are left out") {
    std::int64_t calls = 0;
    const auto intervals = bootstrap(3, 100, [&](std::span<const std::uint32_t>) {
        return std::vector<double>{++calls % 2 == 0 ? NAN : 1.0, NAN};
    });
    REQUIRE(intervals.size() == 2);
    CHECK(intervals[0].low == 1);
    CHECK(std::isnan(intervals[1].low));
    CHECK(bootstrap(0, 10, [](std::span<const std::uint32_t>) {
              return std::vector<double>{1};
          }).empty());
}

}  // namespace
}  // namespace lip::eval
