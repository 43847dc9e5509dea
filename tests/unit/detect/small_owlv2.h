// A detector without training, and its folders.
#pragma once

#include "detect/owlv2_checkpoint.h"
#include "model/layout.h"
#include "tests/support/letter_model.h"
#include "tests/unit/shard/temp_folder.h"

#include <string>

namespace lip::detect {

// 32 x 32 pixels, patches of 8; the tokenizer of single letters has 31 pieces.
inline model::ModelConfig small_owlv2() {
    model::ModelConfig config;
    config.name = "owlv2";
    config.embed_dim = 12;
    config.vision = {.image_size = 32, .patch_size = 8, .layers = 2, .width = 24, .head_width = 8};
    config.text = {.context_length = 16, .vocab_size = 40, .layers = 1, .width = 12, .heads = 2};
    config.vision.activation = config.text.activation = model::Activation::kQuickGelu;
    config.vision.projection = false;
    return config;
}

inline std::unique_ptr<text::Tokenizer> letters(const std::filesystem::path& folder) {
    shard::spill(folder / "tokenizer.model", text::letter_model());
    return text::load_sentencepiece((folder / "tokenizer.model").string());
}

// As checkpoint import writes it.
inline std::filesystem::path write_owlv2(const std::filesystem::path& folder) {
    std::filesystem::create_directory(folder);
    save_owlv2(folder, Owlv2(small_owlv2(), /*seed=*/3), *letters(folder), "");
    return folder;
}

// As Hugging Face does, but with our tokenizer.
inline std::filesystem::path write_hf_owlv2(const std::filesystem::path& folder,
                                            const tensor::NamedTensors& tensors) {
    std::filesystem::create_directory(folder);
    letters(folder);
    shard::spill(folder / "config.json",
                 R"({"model_type":"owlv2","projection_dim":12,
 "text_config":{"hidden_size":12,"intermediate_size":48,"num_hidden_layers":1,"num_attention_heads":2,"vocab_size":40},
 "vision_config":{"hidden_size":24,"intermediate_size":96,"num_hidden_layers":2,"num_attention_heads":3,
                  "image_size":32,"patch_size":8}})");
    tensor::write_safetensors((folder / "model.safetensors").string(), tensors, {}, true);
    return folder;
}

inline tensor::NamedTensors hf_tensors(const Owlv2& model) {
    std::vector<std::string> left;
    return model::to_layout(model.parameters.all(), model::Layout::kHfOwlv2, left);
}

}  // namespace lip::detect
