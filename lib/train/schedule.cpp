#include "train/schedule.h"

#include "cli/error.h"
#include "cli/values.h"

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

std::int64_t Warmup::steps_of(std::int64_t total_steps) const {
    return std::llround(is_share ? value * static_cast<double>(total_steps) : value);
}

void from_text(std::string_view text, Warmup& warmup) {
    warmup.is_share = text.ends_with('%');
    if (!warmup.is_share) {
        const std::int64_t steps = cli::parse_integer(text, cli::Kind::kCount);
        if (steps < 0) throw cli::UsageError("'" + std::string(text) + "' is negative");
        warmup.value = static_cast<double>(steps);
        return;
    }
    const double percent = cli::parse_real(text.substr(0, text.size() - 1));
    if (percent < 0 || percent > 100)
        throw cli::UsageError("'" + std::string(text) + "' is not a percentage from 0% to 100%");
    warmup.value = percent / 100;
}

std::string to_text(const Warmup& warmup) {
    return warmup.is_share ? cli::real_text(warmup.value * 100) + "%"
                           : std::to_string(std::llround(warmup.value));
}

void from_text(std::string_view text, CheckpointInterval& interval) {
    const bool is_duration =
        !text.empty() && std::string_view("smh").find(text.back()) != text.npos;
    std::int64_t value = 0;
    try {
        value = cli::parse_integer(text, is_duration ? cli::Kind::kDuration : cli::Kind::kCount);
    } catch (const cli::UsageError& problem) {
        throw cli::UsageError(std::string(problem.what()) + ", nor a duration such as 30m");
    }
    if (value < 1) throw cli::UsageError("'" + std::string(text) + "' must be at least 1");
    interval = {is_duration ? 0 : value, is_duration ? value : 0};
}

std::string to_text(const CheckpointInterval& interval) {
    return interval.steps > 0 ? std::to_string(interval.steps)
                              : std::to_string(interval.seconds) + "s";
}

}  // namespace lip::train
