// What learns, and at which rate: one table for the optimiser, the step and the plan of a run.
#pragma once

#include "model/config.h"
#include "tensor/safetensors.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lip::train {

// The parts that rates and freezing are for. `kNew` is what plain CLIP and SigLIP models lack:
// mixture tokens of Llip, readout of Llip and FLAIR, Prompter and box head of CLOC, DreamLIP's own
// scale.
enum class Tower { kVision, kText, kScale, kNew };

struct LearningSettings {
    std::vector<std::string> freeze;  // vision, text, scale
    std::int64_t unfreeze_last = 0;   // blocks of frozen towers that learn, with all behind them
    double vision_rate = 0, text_rate = 0, new_rate = 0;  // peaks; 0: that of the schedule
    double layer_decay = 1;  // a block's rate, as a share of that of the block behind it
    // LoRA: of the towers that are not frozen only these matrices learn, and what is new. 0: none.
    std::int64_t lora_rank = 0;
    double lora_alpha = 0;  // 0: as the rank

    bool is_plain() const {
        return freeze.empty() && vision_rate == 0 && text_rate == 0 && new_rate == 0 &&
               layer_decay == 1 && lora_rank == 0;
    }
};

bool is_frozen(const LearningSettings& settings, std::string_view word);
// Of the towers that are not frozen. Throws UsageError if both are.
model::LoraConfig lora_config(const LearningSettings& settings);

// Throws UsageError for a word that is none of the parts.
void check_freeze(std::string_view word);

// A parameter's place: `depth` is 0 before the blocks, i + 1 in block i, blocks + 1 behind them.
struct Place {
    Tower tower = Tower::kVision;
    std::int64_t depth = 0, blocks = 0;
    bool is_lora = false;
};
Place place_of(std::string_view name, const model::ModelConfig& config);

struct Learns {
    bool frozen = false;
    double rate = 1;  // times the schedule's
};
// `peak`: of the schedule.
Learns learns(const Place& place, const LearningSettings& settings, double peak);

// A line for neighbouring parts that learn alike: "image tower, blocks 1 to 9: frozen, 63.8 M
// parameters". Throws UsageError if nothing learns but the scale.
std::vector<std::string> learning_lines(const tensor::NamedTensors& parameters,
                                        const model::ModelConfig& config,
                                        const LearningSettings& settings, double peak);

}  // namespace lip::train
