// The words of --freeze.
#include "cli/error.h"
#include "train/learning.h"

#include <algorithm>

namespace lip::train {

bool is_frozen(const LearningSettings& settings, std::string_view word) {
    return std::ranges::find(settings.freeze, word) != settings.freeze.end();
}

void check_freeze(std::string_view word) {
    if (word != "vision" && word != "text" && word != "scale")
        throw cli::UsageError("'" + std::string(word) + "' is none of vision, text, scale");
}

}  // namespace lip::train
