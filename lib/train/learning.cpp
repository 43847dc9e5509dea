#include "train/learning.h"

#include "cli/error.h"
#include "model/layout.h"
#include "model/lora.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>
#include <tuple>
#include <utility>

namespace lip::train {
namespace {

struct TowerWord {
    Tower tower;
    std::string_view word, name;
};
constexpr std::array<TowerWord, 4> kTowers = {
    {{Tower::kVision, "vision", "image tower"},
     {Tower::kText, "text", "text tower"},
     {Tower::kScale, "scale", "scale and bias of the logits"},
     {Tower::kNew, "new", "parts that CLIP lacks"}}};

const TowerWord& word_of(Tower tower) {
    return *std::ranges::find(kTowers, tower, &TowerWord::tower);
}

Tower tower_of(std::string_view name) {
    if (name == "logit_scale" || name == "logit_bias") return Tower::kScale;
    if (model::is_ours_alone(std::string(name))) return Tower::kNew;
    return name.starts_with("visual.") ? Tower::kVision : Tower::kText;
}

// What a tower does before its first block.
bool is_before_blocks(std::string_view name) {
    constexpr std::string_view kBefore[] = {
        "visual.conv1.",  "visual.class_embedding", "visual.positional_embedding",
        "visual.ln_pre.", "token_embedding.",       "positional_embedding"};
    return std::ranges::any_of(kBefore, [&](std::string_view b) { return name.starts_with(b); });
}

std::string depth_name(const Place& first, const Place& last) {
    const auto number = [](std::int64_t n) { return std::to_string(n); };
    if (first.blocks == 0) return "";
    if (first.is_lora && first.depth == 1 && last.depth == last.blocks) return "";
    if (first.depth == 0 && last.depth == last.blocks + 1) return "";
    if (first.depth == last.depth)
        return first.depth == 0                  ? ", before the blocks"
               : first.depth == first.blocks + 1 ? ", behind the blocks"
                                                 : ", block " + number(first.depth);
    const std::int64_t end = std::min(last.depth, last.blocks);
    std::string text = first.depth == 0 ? ", up to block " + number(end)
                       : first.depth == end
                           ? ", block " + number(end)
                           : ", blocks " + number(first.depth) + " to " + number(end);
    if (last.depth == last.blocks + 1) text += " and behind";
    return text;
}

std::string rate_text(double rate) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", rate);
    return text;
}

std::string count_text(std::int64_t count) {
    char text[32];
    std::snprintf(text, sizeof text, count < 100000 ? "%.0f" : "%.1f M",
                  count < 100000 ? static_cast<double>(count) : static_cast<double>(count) / 1e6);
    return text;
}

// What AdamW keeps of so many: two numbers of 4 bytes each.
std::string moments_text(std::int64_t count) {
    char text[32];
    const double bytes = 8.0 * static_cast<double>(count);
    std::snprintf(text, sizeof text, bytes < 1e6 ? "%.1f kB" : "%.1f MB",
                  bytes / (bytes < 1e6 ? 1e3 : 1e6));
    return text;
}

}  // namespace

model::LoraConfig lora_config(const LearningSettings& s) {
    if (s.lora_rank == 0) return {};
    const double alpha = s.lora_alpha > 0 ? s.lora_alpha : static_cast<double>(s.lora_rank);
    model::LoraConfig lora{s.lora_rank, alpha, !is_frozen(s, "vision"), !is_frozen(s, "text")};
    if (!lora.vision && !lora.text)
        throw cli::UsageError("--lora: both towers are frozen (--freeze names those without LoRA)");
    return lora;
}

Place place_of(std::string_view name, const model::ModelConfig& config) {
    Place place{tower_of(name), 0, 0, model::is_lora(name)};
    if (place.tower != Tower::kVision && place.tower != Tower::kText) return place;
    place.blocks = place.tower == Tower::kVision ? config.vision.layers : config.text.layers;
    constexpr std::string_view kBlocks = "resblocks.";
    if (const std::size_t at = name.find(kBlocks); at != name.npos) {
        const char* begin = name.data() + at + kBlocks.size();
        std::from_chars(begin, name.data() + name.size(), place.depth);
        ++place.depth;
    } else if (!is_before_blocks(name)) {
        place.depth = place.blocks + 1;
    }
    return place;
}

Learns learns(const Place& place, const LearningSettings& s, double peak) {
    Learns how;
    const bool in_tower = place.tower == Tower::kVision || place.tower == Tower::kText;
    how.frozen =
        is_frozen(s, word_of(place.tower).word) || (s.lora_rank > 0 && in_tower && !place.is_lora);
    if (in_tower && is_frozen(s, word_of(place.tower).word) && s.unfreeze_last > 0 &&
        place.depth > place.blocks - s.unfreeze_last)
        how.frozen = false;
    const double own = place.tower == Tower::kVision ? s.vision_rate
                       : place.tower == Tower::kText ? s.text_rate
                       : place.tower == Tower::kNew  ? s.new_rate
                                                     : 0;
    if (own > 0 && peak > 0) how.rate = own / peak;
    if (in_tower)
        how.rate *= std::pow(s.layer_decay, static_cast<double>(place.blocks + 1 - place.depth));
    return how;
}

std::vector<std::string> learning_lines(const tensor::NamedTensors& parameters,
                                        const model::ModelConfig& config,
                                        const LearningSettings& settings, double peak) {
    struct Row {
        Place first, last;
        Learns how;
        std::int64_t count = 0;
    };
    std::map<std::tuple<Tower, bool, std::int64_t>, Row> places;
    for (const auto& [name, value] : parameters) {
        const Place place = place_of(name, config);
        Row& row = places[{place.tower, place.is_lora, place.depth}];
        row.first = row.last = place;
        row.how = learns(place, settings, peak);
        row.count += value.numel();
    }
    std::vector<Row> rows;
    bool any = false;
    for (const auto& [key, row] : places) {
        any |= !row.how.frozen && row.first.tower != Tower::kScale;
        const bool is_alike = !rows.empty() && rows.back().last.tower == row.first.tower &&
                              rows.back().last.is_lora == row.first.is_lora &&
                              rows.back().how.frozen == row.how.frozen &&
                              (row.how.frozen || rows.back().how.rate == row.how.rate);
        if (!is_alike) {
            rows.push_back(row);
            continue;
        }
        rows.back().last = row.last;
        rows.back().count += row.count;
    }
    if (!any) throw cli::UsageError("--freeze: nothing is left that learns (--unfreeze-last N)");
    std::vector<std::string> lines;
    for (const Row& row : rows)
        lines.push_back(
            std::string(word_of(row.first.tower).name) + (row.first.is_lora ? ", LoRA" : "") +
            depth_name(row.first, row.last) + ": " +
            (row.how.frozen ? "frozen" : "rate " + rate_text(peak * row.how.rate)) + ", " +
            count_text(row.count) + (row.count == 1 ? " parameter" : " parameters") +
            (row.how.frozen ? "" : ", " + moments_text(row.count) + " of moments"));
    return lines;
}

}  // namespace lip::train
