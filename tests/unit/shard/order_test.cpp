#include "shard/order.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

namespace lip::shard {
namespace {

std::vector<std::uint64_t> all_of(const Permutation& p) {
    std::vector<std::uint64_t> out;
    for (std::uint64_t i = 0; i < p.size(); ++i) out.push_back(p(i));
    return out;
}

// Chi-square over its degrees of freedom: 1 for fair counts, spread sqrt(2 / degrees).
double unfairness(const std::vector<double>& counts, double expected) {
    double sum = 0;
    for (const double count : counts) sum += (count - expected) * (count - expected) / expected;
    return sum / static_cast<double>(counts.size() - 1);
}

TEST_CASE("order: a bijection for every size") {
    for (const std::uint64_t n : {1U, 2U, 3U, 4U, 5U, 7U, 8U, 9U, 63U, 64U, 65U, 1000U, 4097U}) {
        CAPTURE(n);
        std::vector<std::uint64_t> seen = all_of(Permutation(n, 1, 2, 3));
        std::sort(seen.begin(), seen.end());
        for (std::uint64_t i = 0; i < n; ++i) REQUIRE(seen[i] == i);
    }
}

TEST_CASE("order: large sizes stay inside and do not collide") {
    for (const std::uint64_t n : {(std::uint64_t{1} << 33) + 1, ~std::uint64_t{0}}) {
        const Permutation p(n, 0, 0, 0);
        std::vector<std::uint64_t> seen;
        for (std::uint64_t i = 0; i < 2000; ++i) seen.push_back(p(n - 1 - i));
        std::sort(seen.begin(), seen.end());
        CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
        CHECK(seen.back() < n);
        CHECK(seen.front() < n / 100);
    }
}

TEST_CASE("order: seed, epoch and salt each make another order, the same ones the same") {
    const auto first = all_of(Permutation(100, 0, 0, 0));
    CHECK(first == all_of(Permutation(100, 0, 0, 0)));
    CHECK(first != all_of(Permutation(100, 1, 0, 0)));
    CHECK(first != all_of(Permutation(100, 0, 1, 0)));
    CHECK(first != all_of(Permutation(100, 0, 0, 1)));
}

TEST_CASE("order: fixed for all time, since checkpoints rely on it") {
    CHECK(all_of(Permutation(8, 1, 2, 3)) == std::vector<std::uint64_t>{3, 2, 4, 1, 6, 7, 5, 0});
}

TEST_CASE("order: every item goes everywhere equally often") {
    for (const std::uint64_t n : {3U, 10U, 37U}) {
        CAPTURE(n);
        std::vector<double> counts(n * n);
        const double epochs = 2000;
        for (std::uint64_t epoch = 0; epoch < 2000; ++epoch) {
            const Permutation p(n, 5, epoch, 0);
            for (std::uint64_t i = 0; i < n; ++i) ++counts[i * n + p(i)];
        }
        // Rows and columns have fixed sums: (n-1)^2 degrees of freedom, not n^2 - 1.
        const double scale =
            static_cast<double>(n * n - 1) / static_cast<double>((n - 1) * (n - 1));
        const double spread = std::sqrt(2.0) / static_cast<double>(n - 1);
        CHECK(unfairness(counts, epochs / static_cast<double>(n)) * scale < 1 + 5 * spread);
    }
}

TEST_CASE("order: all 24 orders of four items are equally likely") {
    std::map<std::vector<std::uint64_t>, double> orders;
    for (std::uint64_t epoch = 0; epoch < 4800; ++epoch)
        ++orders[all_of(Permutation(4, 9, epoch, 0))];
    CHECK(orders.size() == 24);
    std::vector<double> counts;
    for (const auto& [order, count] : orders) counts.push_back(count);
    CHECK(unfairness(counts, 200) < 1 + 5 * std::sqrt(2.0 / 23));
}

TEST_CASE("order: neighbours part") {
    const std::uint64_t n = 100000;
    const Permutation p(n, 3, 0, 0);
    std::vector<double> steps(10);
    for (std::uint64_t i = 0; i + 1 < 20000; ++i) {
        const std::uint64_t step = (p(i + 1) + n - p(i)) % n;
        ++steps[step * 10 / n];
    }
    CHECK(unfairness(steps, 1999.9) < 1 + 5 * std::sqrt(2.0 / 9));
}

}  // namespace
}  // namespace lip::shard
