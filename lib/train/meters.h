// Figures of the steps, for a line of the log.
#pragma once

#include "train/event_file.h"
#include "train/run_folder.h"
#include "train/step.h"

#include <cstdint>
#include <vector>

namespace lip::train {

// What all ranks met in a step.
struct StepCounts {
    std::int64_t images = 0, texts = 0, valid = 0;
    std::int64_t no_text = 0, unsplit = 0, cut = 0, skipped = 0, regions = 0, small_regions = 0;
};

// Of all ranks, which call it together.
StepCounts count_step(const Batch& batch, const tensor::Group& ranks);

// What a step found.
struct StepResult {
    StepLoss loss;
    double value = 0;  // of the whole loss
    double norm = 0;   // of its gradient, before clipping
    double rate = 0;   // the learning rate
    StepCounts counts;
};

// Means and sums over the steps since it was made.
class Meters {
public:
    Meters();
    void add(const StepResult& step);

    std::int64_t steps() const { return steps_; }
    std::int64_t regions() const { return regions_; }
    // Of the texts, those that none before them of the same image equals.
    double valid_share() const {
        return texts_ > 0 ? static_cast<double>(valid_) / static_cast<double>(texts_) : 1;
    }

    // What a train line says. Requires a step.
    Figures figures(const RunState& state, const model::LanguageImageModel& model) const;

private:
    // A mean over the steps that have such a thing.
    struct Mean {
        const char* name;
        double sum = 0;
        std::int64_t steps = 0;
    };
    void add_part(const char* name, double value);

    double loss_ = 0, norm_ = 0, rate_ = 0, started_;
    std::vector<Mean> parts_;  // of the loss, and the share of pairs that the filter left out
    std::int64_t steps_ = 0, images_ = 0, texts_ = 0, valid_ = 0, cut_ = 0, regions_ = 0,
                 small_regions_ = 0;
};

}  // namespace lip::train
