// --init-bias: a number, or prior.
#include "cli/error.h"
#include "cli/values.h"
#include "cmd/train/train.h"

#include <cmath>

namespace lip::cmd {
namespace {

constexpr double kLargestBias = 100;

}  // namespace

void from_text(std::string_view text, InitBias& bias) {
    using Kind = InitBias::Kind;
    if (text.empty() || text == "prior") {
        bias = {text.empty() ? Kind::kDefault : Kind::kPrior, 0};
        return;
    }
    try {
        bias = {Kind::kNumber, cli::parse_real(text)};
    } catch (const cli::UsageError& problem) {
        throw cli::UsageError(std::string(problem.what()) + " (a number, or prior)");
    }
    if (std::abs(bias.value) > kLargestBias)
        throw cli::UsageError("'" + std::string(text) + "' must be between -100 and 100");
}

std::string to_text(const InitBias& bias) {
    if (bias.kind == InitBias::Kind::kPrior) return "prior";
    return bias.kind == InitBias::Kind::kNumber ? cli::real_text(bias.value) : "";
}

}  // namespace lip::cmd
