#include "eval/bootstrap.h"

#include "record/keyed_rng.h"

#include <algorithm>
#include <cmath>

namespace lip::eval {
namespace {

constexpr double kTail = 0.025;

// Draws n of n items with replacement, ascending: counted, then written out.
void resample(std::uint64_t seed, std::int64_t number, std::vector<std::uint32_t>& counts,
              std::vector<std::uint32_t>& picks) {
    record::KeyedRng rng(seed, static_cast<std::uint64_t>(number), record::Stream::kShuffling,
                         "bootstrap");
    std::fill(counts.begin(), counts.end(), 0U);
    for (std::size_t i = 0; i < counts.size(); ++i) ++counts[rng.below(counts.size())];
    picks.clear();
    for (std::size_t i = 0; i < counts.size(); ++i)
        picks.insert(picks.end(), counts[i], static_cast<std::uint32_t>(i));
}

double quantile(const std::vector<double>& sorted, double share) {
    const double place = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (sorted[above] - sorted[below]) * (place - static_cast<double>(below));
}

}  // namespace

std::vector<Interval> bootstrap(std::size_t items, std::int64_t resamples,
                                const MetricsOf& metrics_of, std::uint64_t seed) {
    if (items == 0) return {};
    std::vector<std::uint32_t> counts(items), picks;
    picks.reserve(items);
    std::vector<std::vector<double>> values;  // of each metric
    for (std::int64_t i = 0; i < resamples; ++i) {
        resample(seed, i, counts, picks);
        const std::vector<double> metrics = metrics_of(picks);
        values.resize(std::max(values.size(), metrics.size()));
        for (std::size_t m = 0; m < metrics.size(); ++m)
            if (std::isfinite(metrics[m])) values[m].push_back(metrics[m]);
    }
    std::vector<Interval> intervals;
    for (std::vector<double>& all : values) {
        std::sort(all.begin(), all.end());
        intervals.push_back(all.empty() ? Interval{NAN, NAN}
                                        : Interval{quantile(all, kTail), quantile(all, 1 - kTail)});
    }
    return intervals;
}

Interval bootstrap_mean(std::span<const double> values, std::int64_t resamples,
                        std::uint64_t seed) {
    const auto mean = [&](std::span<const std::uint32_t> picks) {
        double sum = 0;
        for (const std::uint32_t i : picks) sum += values[i];
        return std::vector<double>{sum / static_cast<double>(picks.size())};
    };
    const std::vector<Interval> intervals = bootstrap(values.size(), resamples, mean, seed);
    return intervals.empty() ? Interval{NAN, NAN} : intervals.front();
}

}  // namespace lip::eval
