// Models of other libraries as they lie on disk.
#pragma once

#include "model/config.h"
#include "model/layout.h"
#include "model/positions.h"
#include "tensor/safetensors.h"

#include <filesystem>
#include <string>
#include <vector>

namespace lip::model {

struct ForeignModel {
    ModelConfig config;
    tensor::NamedTensors tensors;       // ours by name, shape and order of the configuration
    std::string format;                 // open_clip, hf or pt
    std::filesystem::path folder;       // where its tokenizer may be
    bool is_hf = false;                 // texts are cleaned as Hugging Face's classes do it
    bool is_bare = false;               // a file of weights
    bool is_named = false;              // an architecture by its name, which knows no token ids
    std::vector<std::string> left_out;  // weights that the model has no place for
    std::vector<std::string> notes;     // what was taken from the weights, for people
};

struct ForeignOptions {
    std::string format = {};  // empty: found
    std::string arch = {};    // of a bare file of weights; a name or a JSON file; empty: found
    bool ema = false;         // of a training checkpoint: the averaged weights
    bool long_text = false;   // of FG-CLIP: see released.h
    // Sizes other than the model's; 0: as they are. Positions are fitted (positions.h).
    std::int64_t image_size = 0, context_length = 0;
    Stretch stretch = Stretch::kKeepFirst20;
};

// Reads
// - a folder with open_clip_config.json and open_clip_model.safetensors (or .bin);
// - a folder of Hugging Face with config.json of CLIPModel or SiglipModel and model.safetensors,
//   its parts under model.safetensors.index.json, pytorch_model.bin, or its parts;
// - a bare .safetensors, .pt or .bin of any of these names, with an arch or a configuration beside
//   it (beside.h); a TorchScript archive of OpenAI's without either.
// What is known of published models is in released.h; a bare file of another context length than
// the arch has its own.
// Positions of another image size are interpolated (bicubic, antialiased) to the configuration's.
// Throws DataError and UsageError naming the file, and listing all tensors that are missing or of
// another shape.
ForeignModel read_foreign(const std::filesystem::path& path, const ForeignOptions& options);

struct HfPixels {
    std::string json, file;
};
// What a folder of Hugging Face says about pixels: its processor_config.json (transformers 5), else
// its preprocessor_config.json; empty if it has neither.
HfPixels read_hf_pixels(const std::filesystem::path& folder);

// Hugging Face's config.json and what read_hf_pixels() gives as ours. A key that may change pixels
// and is not known is refused.
ModelConfig parse_hf_config(const std::string& json, const HfPixels& pixels,
                            const std::string& where);
// The same of an Owlv2ForObjectDetection: its towers, the one of images without a projection
// (lib/detect). Its pixels have a way of their own.
ModelConfig parse_hf_owlv2_config(const std::string& json, const HfPixels& pixels,
                                  const std::string& where);

// The weights of a folder of Hugging Face: model.safetensors, its parts under
// model.safetensors.index.json, or pytorch_model.bin. Throws DataError.
tensor::NamedTensors read_hf_weights(const std::filesystem::path& folder, bool ema = false);

}  // namespace lip::model
