// Models for other libraries.
#pragma once

#include "model/language_image_model.h"
#include "text/clean.h"

#include <c10/core/ScalarType.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lip::model {

enum class ExportFormat { kOpenClip, kHf, kPt };

struct ExportSettings {
    ExportFormat format = ExportFormat::kOpenClip;
    at::ScalarType dtype = at::kFloat;      // of all weights but scale and bias of the logits
    bool drop_extra = false;                // leave out tensors the format has no place for
    std::optional<text::Clean> clean = {};  // of the model's texts, where its tokenizer is CLIP's
};

// Writes configuration and weights into an existing folder:
// - open_clip: open_clip_config.json and open_clip_model.safetensors, for
//   open_clip.create_model_and_transforms('local-dir:FOLDER');
// - hf: config.json, preprocessor_config.json and model.safetensors, for
//   CLIPModel.from_pretrained or SiglipModel.from_pretrained.
// Returns the names of ours that were left out. Throws DataError naming what of the model the
// library has no place for, or what a type cannot hold.
std::vector<std::string> export_model(const std::filesystem::path& folder,
                                      const LanguageImageModel& model,
                                      const ExportSettings& settings);

// Writes the weights alone into a file, as torch.save writes a state dict, with open_clip's names;
// a Llip model's mixture tokens and readout have ours. Returns the names of ours that were left
// out. Throws DataError.
std::vector<std::string> export_pt(const std::string& file, const LanguageImageModel& model,
                                   const ExportSettings& settings, bool force);

// What the other library does to images or texts otherwise, whatever is written: a sentence each.
std::vector<std::string> export_differences(const ModelConfig& config,
                                            const ExportSettings& settings);

// Throws DataError if nobody could use what would be written: a Llip model without its mixture.
void check_can_export(const ModelConfig& config, const ExportSettings& settings);

}  // namespace lip::model
