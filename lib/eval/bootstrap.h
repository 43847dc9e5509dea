// Percentile bootstrap: how far a metric would move with other items of the same kind.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace lip::eval {

struct Interval {
    double low = 0, high = 0;
};

// Metrics of a resample: `picks` holds indices of items, as many as there are items, some of them
// several times. Ascending, so that walking them is cheap.
using MetricsOf = std::function<std::vector<double>(std::span<const std::uint32_t> picks)>;

// The 95 % intervals of the metrics that `metrics_of` gives, in its order: 2.5 % and 97.5 % points
// (linear between neighbours) of their values over the resamples. Values that are not finite (a
// resample without any item of a kind) are left out. Resample i depends on (seed, i, items) alone:
// the result is the same on every machine. Requires resamples >= 1; no items give no intervals.
std::vector<Interval> bootstrap(std::size_t items, std::int64_t resamples,
                                const MetricsOf& metrics_of, std::uint64_t seed = 0);

// The same for the mean of one value an item.
Interval bootstrap_mean(std::span<const double> values, std::int64_t resamples,
                        std::uint64_t seed = 0);

}  // namespace lip::eval
