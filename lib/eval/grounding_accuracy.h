// How well boxes are found by their texts.
#pragma once

#include "eval/results.h"
#include "image/geometry.h"
#include "record/record.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lip::eval {

// A region that its text alone points at.
struct Target {
    std::size_t region = 0;  // index in the record
    std::string text;
    image::UnitBox box{};
};

struct Targets {
    std::vector<Target> all;     // in the order of the regions
    std::int64_t ambiguous = 0;  // regions whose text another region of the record has, too
    std::int64_t without_text = 0;
};
Targets targets_of(const record::Record& record);

// Of one image: how many targets, how many of them found, and their overlaps added up.
struct ImageScore {
    std::int64_t targets = 0, hits = 0;
    double iou = 0;
    void add(double one, double threshold);  // a hit overlaps by more than the threshold
};

// Over the targets of all images: "acc@THRESHOLD" and "mean_iou", not a number where there are
// none. With resamples > 0 also their intervals, images being drawn.
std::vector<Metric> accuracy(const std::vector<ImageScore>& images, double threshold,
                             std::int64_t resamples);

}  // namespace lip::eval
