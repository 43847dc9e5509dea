#include "eval/classification.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lip::eval {

double rank_of(std::span<const float> scores, std::int64_t truth,
               std::span<const std::int64_t> also_true, const RankRule& rule) {
    const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
    const float own = scores[at(truth)];
    const double share = share_of_equal(rule.ties);
    // Twins have the same texts: their scores differ by rounding at most.
    const auto is_twin = [&](std::int64_t c) {
        return !rule.twins.empty() && c != truth && rule.twins[at(c)] == rule.twins[at(truth)];
    };
    const auto counts = [&](std::int64_t c) {
        if (is_twin(c)) return c < truth ? 1.0 : 0.0;
        return scores[at(c)] > own ? 1.0 : scores[at(c)] == own ? share : 0.0;
    };
    double rank = 1;
    for (std::int64_t c = 0; c < static_cast<std::int64_t>(scores.size()); ++c)
        if (c != truth) rank += counts(c);
    for (const std::int64_t other : also_true)
        if (other != truth) rank -= counts(other);
    return rank;
}

void Classification::add_list(std::span<const std::int64_t> truths, std::span<const float> scores) {
    scores_.insert(scores_.end(), scores.begin(), scores.end());
    const std::size_t begin = truths_.size();
    truths_.resize(begin + static_cast<std::size_t>(classes_));
    for (const std::int64_t truth : truths) truths_[begin + static_cast<std::size_t>(truth)] = true;
}

namespace {

std::vector<std::uint32_t> all_items(std::size_t n) {
    std::vector<std::uint32_t> picks(n);
    std::iota(picks.begin(), picks.end(), 0U);
    return picks;
}

// One class over items sorted by falling score, each counted weights[item] times.
double average_precision(const std::vector<std::uint32_t>& order, const std::vector<bool>& is_true,
                         const std::vector<std::uint32_t>& weights) {
    double hits = 0, seen = 0, sum = 0;
    for (const std::uint32_t item : order)
        for (std::uint32_t i = 0; i < weights[item]; ++i) {
            ++seen;
            if (is_true[item]) sum += ++hits / seen;
        }
    return hits > 0 ? sum / hits : NAN;
}

}  // namespace

std::vector<Metric> Classification::single_metrics(std::int64_t resamples) const {
    std::vector<double> hits(static_cast<std::size_t>(classes_)), counts(hits.size());
    const auto metrics_of = [&](std::span<const std::uint32_t> picks) {
        std::fill(hits.begin(), hits.end(), 0.0);
        std::fill(counts.begin(), counts.end(), 0.0);
        double first = 0, among_five = 0;
        for (const std::uint32_t i : picks) {
            const auto truth = static_cast<std::size_t>(ranked_[i].truth);
            ++counts[truth];
            hits[truth] += ranked_[i].rank <= 1;
            first += ranked_[i].rank <= 1;
            among_five += ranked_[i].rank <= 5;
        }
        double recall = 0, present = 0;
        for (std::size_t c = 0; c < counts.size(); ++c)
            if (counts[c] > 0) recall += hits[c] / counts[c], ++present;
        const auto n = static_cast<double>(picks.size());
        return std::vector<double>{first / n, among_five / n, recall / present};
    };
    constexpr const char* kNames[] = {"acc1", "acc5", "mean_per_class_recall"};
    const std::vector<double> values = metrics_of(all_items(ranked_.size()));
    std::vector<Metric> metrics;
    for (std::size_t m = 0; m < values.size(); ++m) metrics.push_back({kNames[m], values[m], {}});
    if (resamples > 0) {
        const std::vector<Interval> intervals = bootstrap(ranked_.size(), resamples, metrics_of);
        for (std::size_t m = 0; m < values.size(); ++m) metrics[m].interval = intervals[m];
    }
    return metrics;
}

Metric Classification::list_metric(std::int64_t resamples) const {
    const std::size_t n = listed(), width = static_cast<std::size_t>(classes_);
    // Sorted once: a resample only changes how often an item counts.
    std::vector<std::vector<std::uint32_t>> orders;
    std::vector<std::vector<bool>> truths;
    for (std::size_t c = 0; c < width; ++c) {
        std::vector<bool> is_true(n);
        for (std::size_t i = 0; i < n; ++i) is_true[i] = truths_[i * width + c];
        if (std::find(is_true.begin(), is_true.end(), true) == is_true.end()) continue;
        std::vector<std::uint32_t> order = all_items(n);
        std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
            const float x = scores_[a * width + c], y = scores_[b * width + c];
            return x != y ? x > y : is_true[a] < is_true[b];
        });
        orders.push_back(std::move(order));
        truths.push_back(std::move(is_true));
    }
    std::vector<std::uint32_t> weights(n);
    const auto metrics_of = [&](std::span<const std::uint32_t> picks) {
        std::fill(weights.begin(), weights.end(), 0U);
        for (const std::uint32_t i : picks) ++weights[i];
        double sum = 0, present = 0;
        for (std::size_t c = 0; c < orders.size(); ++c) {
            const double precision = average_precision(orders[c], truths[c], weights);
            if (std::isfinite(precision)) sum += precision, ++present;
        }
        return std::vector<double>{sum / present};
    };
    Metric metric{"mAP", metrics_of(all_items(n)).front(), {}};
    if (resamples > 0) metric.interval = bootstrap(n, resamples, metrics_of).front();
    return metric;
}

std::vector<Metric> Classification::metrics(std::int64_t resamples) const {
    std::vector<Metric> metrics;
    if (!ranked_.empty()) metrics = single_metrics(resamples);
    if (listed() > 0) metrics.push_back(list_metric(resamples));
    return metrics;
}

}  // namespace lip::eval
