// A checkpoint on disk that takes no time to make: random weights, a tokenizer of single letters.
#pragma once

#include "model/checkpoint.h"
#include "tests/support/letter_model.h"
#include "tests/unit/shard/temp_folder.h"

#include <string>

namespace lip::eval {

inline model::ModelConfig tiny_config() {
    model::ModelConfig config = model::load_arch("demo");
    config.embed_dim = 16;
    config.vision.image_size = 16;
    config.vision.layers = 1;
    config.vision.width = 32;
    config.text.layers = 1;
    config.text.width = 32;
    config.text.vocab_size = 40;
    return config;
}

inline model::ModelConfig tiny_llip_config() {
    model::ModelConfig config = tiny_config();
    config.method = "llip";
    config.has_logit_bias = true;
    model::apply_setting(config, "llip.mixture_tokens=3");
    return config;
}

// The folder for -m.
inline std::string write_tiny_checkpoint(const shard::TempFolder& folder,
                                         const model::ModelConfig& config = tiny_config()) {
    const std::filesystem::path checkpoint = folder / "model";
    std::filesystem::create_directory(checkpoint);
    shard::spill(folder / "letters.model", text::letter_model());
    const auto tokenizer = text::load_sentencepiece((folder / "letters.model").string());
    model::save_model(checkpoint, model::LanguageImageModel(config, /*seed=*/1), *tokenizer, "");
    return checkpoint.string();
}

}  // namespace lip::eval
