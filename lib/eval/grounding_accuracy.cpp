#include "eval/grounding_accuracy.h"

#include "cli/values.h"
#include "eval/bootstrap.h"

#include <map>
#include <string_view>

namespace lip::eval {
namespace {

// The share of hits, and the mean overlap.
std::vector<double> means(const ImageScore& sum) {
    const auto n = static_cast<double>(sum.targets);  // 0 / 0 is not a number
    return {static_cast<double>(sum.hits) / n, sum.iou / n};
}

void add(ImageScore& sum, const ImageScore& one) {
    sum.targets += one.targets;
    sum.hits += one.hits;
    sum.iou += one.iou;
}

}  // namespace

Targets targets_of(const record::Record& record) {
    std::map<std::string_view, std::int64_t> count;
    for (const record::Region& region : record.regions) ++count[region.text];
    Targets out;
    for (std::size_t i = 0; i < record.regions.size(); ++i) {
        const record::Region& region = record.regions[i];
        if (region.text.empty())
            ++out.without_text;
        else if (count[region.text] > 1)
            ++out.ambiguous;
        else
            out.all.push_back({i, region.text, region.box});
    }
    return out;
}

void ImageScore::add(double one, double threshold) {
    ++targets;
    if (one > threshold) ++hits;
    iou += one;
}

std::vector<Metric> accuracy(const std::vector<ImageScore>& images, double threshold,
                             std::int64_t resamples) {
    ImageScore total;
    for (const ImageScore& image : images) add(total, image);
    std::vector<Interval> intervals;
    if (resamples > 0)
        intervals = bootstrap(images.size(), resamples, [&](std::span<const std::uint32_t> picks) {
            ImageScore sum;
            for (const std::uint32_t pick : picks) add(sum, images[pick]);
            return means(sum);
        });
    const std::vector<double> values = means(total);
    const std::string names[] = {"acc@" + cli::real_text(threshold), "mean_iou"};
    std::vector<Metric> out;
    for (std::size_t m = 0; m < values.size(); ++m) {
        out.push_back({names[m], values[m], {}});
        if (m < intervals.size()) out.back().interval = intervals[m];
    }
    return out;
}

}  // namespace lip::eval
