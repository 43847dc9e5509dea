// What a run says of its steps, each kind once.
#pragma once

#include "train/meters.h"

namespace lip::train {

// One thread at a time.
class StepWarnings {
public:
    // Of images without a text, and captions taken whole, unless `before` has counted some.
    void of_texts(const StepCounts& counts, const RunState& before) const;
    // Of a filter that leaves out most pairs of regions in step number `step`.
    void of_filter(const StepLoss& loss, std::int64_t step);
    // Of texts that mostly repeat each other within their image, K texts each.
    void of_repetitions(const Meters& meters, std::int64_t texts_per_image);
    // Of a model with regions whose images had none in the steps up to number `step`.
    void of_regions(const Meters& meters, std::int64_t step);

private:
    bool said_filter_ = false, said_regions_ = false, said_repetitions_ = false;
};

}  // namespace lip::train
