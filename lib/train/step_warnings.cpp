#include "train/step_warnings.h"

#include "cli/log.h"

#include <cstdio>
#include <string>
#include <utility>

namespace lip::train {
namespace {

constexpr double kMostFiltered = 0.5;  // of the pairs of regions
constexpr double kFewestValid = 0.5;   // of the texts of an image, not repeated

}  // namespace

void StepWarnings::of_texts(const StepCounts& counts, const RunState& before) const {
    if (counts.no_text > 0 && before.no_text == 0)
        cli::warn(
            "an image has no caption that can be used (see --sources, --texts and --skip-flags): "
            "such images are left out, and metrics.jsonl counts them as no_text");
    if (counts.unsplit > 0 && before.unsplit == 0)
        cli::warn(
            "a long caption is used as one text, truncated to the context length, because its "
            "sentences are not marked (run split-captions(1) before shard(1)); metrics.jsonl "
            "counts such captions as unsplit");
}

void StepWarnings::of_filter(const StepLoss& loss, std::int64_t step) {
    const bool leaves_little = loss.filtered.value_or(0) > kMostFiltered;
    if (!leaves_little || std::exchange(said_filter_, true)) return;
    cli::warn("step " + std::to_string(step) +
              ": cloc.filter finds most phrases alike and leaves out their pairs, so few negatives "
              "are left (--set cloc.filter_centred=true, or cloc.filter=off; filtered_pairs in "
              "metrics.jsonl is the fraction)");
}

void StepWarnings::of_repetitions(const Meters& meters, std::int64_t texts_per_image) {
    const bool is_fine = texts_per_image < 2 || meters.valid_share() > kFewestValid;
    if (is_fine || std::exchange(said_repetitions_, true)) return;
    char percent[16];
    std::snprintf(percent, sizeof percent, "%.0f %%", 100 * (1 - meters.valid_share()));
    cli::warn(std::string(percent) + " of the " + std::to_string(texts_per_image) +
              " texts of an image repeat another of its texts: the images have fewer sub-captions "
              "(--texts-per-image " +
              std::to_string(texts_per_image / 2) +
              " or less; with one short caption an image --method clip does the same work)");
}

void StepWarnings::of_regions(const Meters& meters, std::int64_t step) {
    if (meters.regions() > 0 || std::exchange(said_regions_, true)) return;
    cli::warn("step " + std::to_string(step) + ": no image of the last " +
              std::to_string(meters.steps()) +
              " steps has a region that can be used, so the Prompter learns nothing (a region "
              "needs a box and a text in \"regions\" of the record, and must be within what the "
              "model sees and at least 0.1 % of it)");
}

}  // namespace lip::train
