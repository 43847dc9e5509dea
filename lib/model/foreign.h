// Models of other libraries as they lie on disk.
#pragma once

#include "model/config.h"
#include "model/layout.h"
#include "tensor/safetensors.h"

#include <filesystem>
#include <string>
#include <vector>

namespace lip::model {

struct ForeignModel {
    ModelConfig config;
    tensor::NamedTensors tensors;       // ours by name, shape and order of the configuration
    std::string format;                 // open_clip, hf or pt
    std::filesystem::path folder;       // where its tokenizer may be; empty for a bare file
    std::vector<std::string> left_out;  // weights that the model has no place for
};

struct ForeignOptions {
    std::string format;  // empty: found
    std::string arch;    // of a bare file of weights; a name or a JSON file
    bool ema = false;    // of a training checkpoint: the averaged weights
};

// Reads
// - a folder with open_clip_config.json and open_clip_model.safetensors (or .bin);
// - a folder of Hugging Face with config.json of CLIPModel or SiglipModel and model.safetensors,
//   its parts under model.safetensors.index.json, or pytorch_model.bin;
// - a bare .safetensors, .pt or .bin of any of these names, with an arch.
// Positions of another image size are interpolated (bicubic, antialiased) to the configuration's.
// Throws DataError and UsageError naming the file, and listing all tensors that are missing or of
// another shape.
ForeignModel read_foreign(const std::filesystem::path& path, const ForeignOptions& options);

// Hugging Face's config.json (and preprocessor_config.json, which may be empty) as ours.
ModelConfig parse_hf_config(const std::string& json, const std::string& preprocessor,
                            const std::string& where);
// The same of an Owlv2ForObjectDetection: its towers, the one of images without a projection
// (lib/detect). Its pixels have a way of their own.
ModelConfig parse_hf_owlv2_config(const std::string& json, const std::string& preprocessor,
                                  const std::string& where);

// The weights of a folder of Hugging Face: model.safetensors, its parts under
// model.safetensors.index.json, or pytorch_model.bin. Throws DataError.
tensor::NamedTensors read_hf_weights(const std::filesystem::path& folder, bool ema = false);

}  // namespace lip::model
