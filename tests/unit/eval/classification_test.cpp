#include "eval/classification.h"

#include <doctest/doctest.h>

#include <map>

namespace lip::eval {
namespace {

std::map<std::string, double> values(const Classification& c) {
    std::map<std::string, double> out;
    for (const Metric& metric : c.metrics(0)) out[metric.name] = metric.value;
    return out;
}

TEST_CASE("rank counts better and equal wrong classes") {
    const std::vector<float> scores = {0.1F, 0.5F, 0.3F, 0.5F};
    CHECK(rank_of(scores, 1) == 2);  // class 3 has the same score
    CHECK(rank_of(scores, 2) == 3);
    CHECK(rank_of(scores, 0) == 4);
    const std::vector<std::int64_t> both = {1, 3};
    CHECK(rank_of(scores, 1, both) == 1);
    CHECK(rank_of(scores, 2, std::vector<std::int64_t>{2, 3}) == 2);
}

TEST_CASE("ties count as they are asked to, twins in their order") {
    const std::vector<float> scores = {0.5F, 0.5F, 0.3F, 0.5F};
    CHECK(rank_of(scores, 1, {}, {Ties::kPessimistic}) == 3);
    CHECK(rank_of(scores, 1, {}, {Ties::kOptimistic}) == 1);
    CHECK(rank_of(scores, 1, {}, {Ties::kMean}) == 2);
    CHECK(rank_of(scores, 1, std::vector<std::int64_t>{0, 1}, {Ties::kMean}) == 1.5);

    const std::vector<std::int64_t> twins = {0, 0, 2, 3};
    CHECK(rank_of(scores, 0, {}, {Ties::kOptimistic, twins}) == 1);
    CHECK(rank_of(scores, 1, {}, {Ties::kOptimistic, twins}) == 2);
    CHECK(rank_of(scores, 0, {}, {Ties::kPessimistic, twins}) == 2);  // class 3 is no twin
    // Scores of twins differ by rounding at most.
    CHECK(rank_of(std::vector<float>{0.5F, 0.50001F}, 0, {}, {Ties::kPessimistic, {{0, 0}}}) == 1);
}

TEST_CASE("a model whose scores are all equal gets nothing") {
    CHECK(rank_of(std::vector<float>(10, 0.25F), 0) == 10);
}

TEST_CASE("accuracy over items, recall over classes that occur") {
    Classification c(10);
    c.add(0, 1);
    c.add(0, 1);
    c.add(0, 6);
    c.add(7, 5);
    const auto metrics = values(c);
    CHECK(metrics.at("acc1") == doctest::Approx(0.5));
    CHECK(metrics.at("acc5") == doctest::Approx(0.75));
    CHECK(metrics.at("mean_per_class_recall") == doctest::Approx((2.0 / 3 + 0) / 2));
    CHECK(metrics.count("mAP") == 0);
}

TEST_CASE("mean average precision by hand") {
    Classification c(3);
    const auto item = [&](std::vector<std::int64_t> truths, std::vector<float> scores) {
        c.add_list(truths, scores);
    };
    item({0}, {0.9F, 0.2F, 0});
    item({1}, {0.8F, 0.7F, 0});
    item({0, 1}, {0.7F, 0.1F, 0});
    // Class 0: hits at 1 and 3. Class 1: order is item 1, 0, 2: hits at 1 and 3. Class 2 never.
    const auto metrics = values(c);
    CHECK(metrics.at("mAP") == doctest::Approx((1 + 2.0 / 3) / 2));
    CHECK(metrics.count("acc1") == 0);
    CHECK(c.items() == 3);
}

TEST_CASE("equal scores count the wrong items first") {
    Classification c(1);
    const std::vector<std::int64_t> none, first = {0};
    c.add_list(first, std::vector<float>{0.5F});
    c.add_list(none, std::vector<float>{0.5F});
    CHECK(values(c).at("mAP") == doctest::Approx(0.5));
}

TEST_CASE("intervals enclose the figures") {
    Classification c(2);
    const std::vector<std::int64_t> truth = {1};
    for (int i = 0; i < 50; ++i) {
        c.add(i % 2, i % 3 == 0 ? 2 : 1);
        c.add_list(i % 2 == 0 ? truth : std::vector<std::int64_t>{},
                   std::vector<float>{0, static_cast<float>(i % 7)});
    }
    const auto metrics = c.metrics(100);
    CHECK(metrics.size() == 4);
    for (const Metric& metric : metrics) {
        REQUIRE(metric.interval);
        CHECK(metric.interval->low <= metric.value);
        CHECK(metric.interval->high >= metric.value);
    }
}

TEST_CASE("no items, no metrics") {
    CHECK(Classification(3).metrics(10).empty());
}

}  // namespace
}  // namespace lip::eval
