// A model on disk: a folder with config.json, model.safetensors and tokenizer files.
#pragma once

#include "model/language_image_model.h"
#include "text/tokenizer.h"

#include <filesystem>
#include <memory>
#include <string>

namespace lip::model {

struct LoadedModel {
    std::unique_ptr<LanguageImageModel> model;
    std::unique_ptr<text::Tokenizer> tokenizer;
    std::filesystem::path folder;  // the checkpoint itself
};

// The checkpoint meant by `path`: itself, or the newest complete one of a run folder. Throws
// DataError if there is none.
std::filesystem::path find_checkpoint(const std::filesystem::path& path);

// Is it a config.json of Hugging Face's?
bool is_hf_config(const std::string& json);

// Is it a detector (lib/detect), one of ours or Hugging Face's OWLv2? Throws DataError if
// config.json cannot be read.
bool is_detector(const std::filesystem::path& checkpoint);

// Throws DataError naming file and tensor for anything that is missing or does not fit; a detector
// is none of these models.
ModelConfig read_config(const std::filesystem::path& checkpoint);
LoadedModel load_model(const std::filesystem::path& path, c10::Device device);

// The tokenizer's file, and tokenizer_config.json if it needs one, into an existing folder.
void save_tokenizer(const std::filesystem::path& folder, const text::Tokenizer& tokenizer);

// Writes config, weights and tokenizer into an existing folder, and the checksums of all that is in
// it then.
void save_model(const std::filesystem::path& folder, const LanguageImageModel& model,
                const text::Tokenizer& tokenizer, const std::string& provenance);

}  // namespace lip::model
