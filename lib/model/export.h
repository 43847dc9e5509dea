// Models for other libraries.
#pragma once

#include "model/language_image_model.h"

#include <filesystem>
#include <string>

namespace lip::model {

enum class ExportFormat { kOpenClip, kHf };

// Writes configuration and weights into an existing folder:
// - open_clip: open_clip_config.json and open_clip_model.safetensors, for
//   open_clip.create_model_and_transforms('local-dir:FOLDER');
// - hf: config.json, preprocessor_config.json and model.safetensors, for
//   CLIPModel.from_pretrained or SiglipModel.from_pretrained.
// Throws DataError naming what of the model the library has no place for.
void export_model(const std::filesystem::path& folder, const LanguageImageModel& model,
                  ExportFormat format);

}  // namespace lip::model
