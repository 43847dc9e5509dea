#include "train/schedule.h"

#include "cli/error.h"
#include "cli/options.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lip::train {

double Schedule::at(std::int64_t step) const {
    if (step < warmup_steps)
        return peak * static_cast<double>(step + 1) / static_cast<double>(warmup_steps);
    const auto length = static_cast<double>(std::max<std::int64_t>(total_steps - warmup_steps, 1));
    const double done = std::clamp(static_cast<double>(step - warmup_steps) / length, 0.0, 1.0);
    switch (decay) {
        case Decay::kCosine:
            return least + (peak - least) * 0.5 * (1 + std::cos(std::numbers::pi * done));
        case Decay::kLinear:
            return least + (peak - least) * (1 - done);
        case Decay::kConstant:
            break;
    }
    return peak;
}

std::int64_t parse_warmup(const std::string& text, std::int64_t total_steps) try {
    if (!text.ends_with('%')) {
        const std::int64_t steps = cli::parse_integer(text, cli::Kind::kCount);
        if (steps < 0) throw cli::UsageError("'" + text + "' is negative");
        return steps;
    }
    const double share = cli::parse_real(text.substr(0, text.size() - 1));
    if (share < 0 || share > 100)
        throw cli::UsageError("'" + text + "' is no share between 0% and 100%");
    return static_cast<std::int64_t>(std::llround(share / 100 * static_cast<double>(total_steps)));
} catch (const cli::UsageError& error) {
    throw cli::UsageError(std::string("--warmup: ") + error.what());
}

}  // namespace lip::train
