// A checkpoint on disk that takes no time to make: random weights, a tokenizer of single letters.
#pragma once

#include "model/checkpoint.h"
#include "tests/unit/shard/temp_folder.h"

#include <string>

namespace lip::eval {

// One length-delimited protobuf field. Requires fewer than 128 bytes for nested messages' sizes.
inline std::string proto_field(int number, const std::string& bytes) {
    std::string out;
    out += static_cast<char>(number << 3 | 2);
    out += static_cast<char>(bytes.size());
    return out + bytes;
}

inline std::string proto_number(int number, int value) {
    return {static_cast<char>(number << 3), static_cast<char>(value)};
}

// A SentencePiece model of the pieces <unk> <s> </s> _ . a ... z, each character for itself.
inline std::string letter_tokenizer() {
    constexpr int kNormal = 1, kUnknown = 2, kControl = 3, kCharModel = 4;
    std::string model;
    const auto piece = [&](const std::string& text, int type) {
        std::string score = "\x15";  // field 2, a 32-bit float: 0
        score.append(4, '\0');
        model += proto_field(1, proto_field(1, text) + score + proto_number(3, type));
    };
    piece("<unk>", kUnknown);
    piece("<s>", kControl);
    piece("</s>", kControl);
    piece("\xE2\x96\x81", kNormal);
    piece(".", kNormal);
    for (char c = 'a'; c <= 'z'; ++c) piece(std::string(1, c), kNormal);
    return model + proto_field(2, proto_number(3, kCharModel)) +
           proto_field(3, proto_field(1, "identity"));
}

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

// The folder for -m.
inline std::string write_tiny_checkpoint(const shard::TempFolder& folder) {
    const std::filesystem::path checkpoint = folder / "model";
    std::filesystem::create_directory(checkpoint);
    shard::spill(folder / "letters.model", letter_tokenizer());
    const auto tokenizer = text::load_sentencepiece((folder / "letters.model").string());
    model::save_model(checkpoint, model::LanguageImageModel(tiny_config(), /*seed=*/1), *tokenizer,
                      "");
    return checkpoint.string();
}

}  // namespace lip::eval
