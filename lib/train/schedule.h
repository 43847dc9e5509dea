// The learning rate of a step.
#pragma once

#include <cstdint>
#include <string>

namespace lip::train {

enum class Decay { kCosine, kLinear, kConstant };

struct Schedule {
    double peak = 5e-4, least = 0;
    std::int64_t warmup_steps = 2000, total_steps = 0;
    Decay decay = Decay::kCosine;

    // Of step 0..total_steps-1: rises linearly to the peak over the warm-up, then falls to `least`.
    double at(std::int64_t step) const;
};

// "2000" steps or "5%" of `total_steps`. Throws UsageError.
std::int64_t parse_warmup(const std::string& text, std::int64_t total_steps);

}  // namespace lip::train
