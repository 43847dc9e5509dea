#include "record/ordered.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace lip::record {
namespace {

struct Boom : std::runtime_error {
    using std::runtime_error::runtime_error;
};

enum class Where { kNowhere, kProduce, kWork, kCommit };

// Runs items 0..n-1, throws at item `at` in the step `where`; returns what was committed.
std::vector<int> run(int threads, int n, Where where, int at, std::string& thrown) {
    std::vector<int> committed;
    std::atomic<int> producing{0}, committing{0};
    int next = 0;
    thrown.clear();
    try {
        run_ordered<int, int>(
            threads,
            [&]() -> std::optional<int> {
                CHECK(producing.fetch_add(1) == 0);
                const int item = next++;
                producing.fetch_sub(1);
                if (where == Where::kProduce && item == at) throw Boom("produce");
                return item < n ? std::optional(item) : std::nullopt;
            },
            [&](int& item) {
                if (item % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
                if (where == Where::kWork && item == at) throw Boom("work");
                return item * 2;
            },
            [&](int& result) {
                CHECK(committing.fetch_add(1) == 0);
                const int item = result / 2;
                const bool fails = where == Where::kCommit && item == at;
                if (!fails) committed.push_back(item);
                committing.fetch_sub(1);
                if (fails) throw Boom("commit");
            });
    } catch (const Boom& boom) {
        thrown = boom.what();
    }
    return committed;
}

std::vector<int> up_to(int n) {
    std::vector<int> items(static_cast<std::size_t>(n));
    std::iota(items.begin(), items.end(), 0);
    return items;
}

TEST_CASE("ordered: results come in the order of the items") {
    std::string thrown;
    for (int threads = 1; threads <= 4; ++threads)
        for (const int n : {0, 1, 2, 15, 16, 17, 300}) {
            CAPTURE(threads);
            CAPTURE(n);
            CHECK(run(threads, n, Where::kNowhere, 0, thrown) == up_to(n));
            CHECK(thrown.empty());
        }
}

TEST_CASE("ordered: an exception anywhere stops all, what came before is committed") {
    const std::pair<Where, const char*> steps[] = {
        {Where::kProduce, "produce"}, {Where::kWork, "work"}, {Where::kCommit, "commit"}};
    for (int threads = 1; threads <= 4; ++threads)
        for (const auto& [where, name] : steps)
            for (const int at : {0, 1, 2, 7, 16, 17, 39}) {
                CAPTURE(threads);
                CAPTURE(name);
                CAPTURE(at);
                std::string thrown;
                CHECK(run(threads, 40, where, at, thrown) == up_to(at));
                CHECK(thrown == name);
            }
}

TEST_CASE("ordered: the first exception in order is the one that is seen") {
    for (int threads = 2; threads <= 4; ++threads) {
        int next = 0;
        try {
            run_ordered<int, int>(
                threads, [&]() -> std::optional<int> { return next++; },
                [](int& item) -> int {
                    // The later item fails long before the earlier one.
                    if (item == 2) std::this_thread::sleep_for(std::chrono::milliseconds(5));
                    if (item >= 2) throw Boom(std::to_string(item));
                    return item;
                },
                [](int&) {});
            FAIL("nothing was thrown");
        } catch (const Boom& boom) {
            CHECK(std::string(boom.what()) == "2");
        }
    }
}

TEST_CASE("ordered: no more than 4 items a thread are in flight") {
    for (int threads = 2; threads <= 4; ++threads) {
        int next = 0;
        std::atomic<int> produced{0}, committed{0}, most{0};
        run_ordered<int, int>(
            threads,
            [&]() -> std::optional<int> {
                ++produced;
                most = std::max(most.load(), produced - committed);
                return next < 100 ? std::optional(next++) : std::nullopt;
            },
            [](int& item) {
                if (item == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
                return item;
            },
            [&](int&) { ++committed; });
        CHECK(committed == 100);
        CHECK(most <= 4 * threads + 1);
    }
}

TEST_CASE("ordered: items and results need only be movable") {
    std::vector<int> seen;
    int next = 0;
    run_ordered<std::unique_ptr<int>, std::unique_ptr<int>>(
        3,
        [&]() -> std::optional<std::unique_ptr<int>> {
            if (next == 20) return std::nullopt;
            return std::make_unique<int>(next++);
        },
        [](std::unique_ptr<int>& item) { return std::move(item); },
        [&](std::unique_ptr<int>& result) { seen.push_back(*result); });
    CHECK(seen == up_to(20));
}

}  // namespace
}  // namespace lip::record
