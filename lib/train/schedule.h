// The learning rate of a step.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lip::train {

enum class Decay { kCosine, kLinear, kConstant };

struct Schedule {
    double peak = 5e-4, least = 0;
    std::int64_t warmup_steps = 2000, total_steps = 0;
    Decay decay = Decay::kCosine;

    // Of step 0..total_steps-1: rises linearly to the peak over the warm-up, then falls to `least`.
    double at(std::int64_t step) const;
};

// How long the rate rises: a number of steps, or a share of the run.
struct Warmup {
    bool is_share = false;
    double value = 2000;  // a share is within 0..1

    std::int64_t steps_of(std::int64_t total_steps) const;
};
// "2000" or "5%". Throws UsageError.
void from_text(std::string_view text, Warmup& warmup);
std::string to_text(const Warmup& warmup);

// When checkpoints are saved: every so many steps, or seconds.
struct CheckpointInterval {
    std::int64_t steps = 1000, seconds = 0;  // one of them is 0
};
// "1000" or "30m". Throws UsageError.
void from_text(std::string_view text, CheckpointInterval& interval);
std::string to_text(const CheckpointInterval& interval);

}  // namespace lip::train
