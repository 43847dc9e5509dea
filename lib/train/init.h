// --init: a run that starts from the weights of a checkpoint.
#pragma once

#include "model/checkpoint.h"
#include "model/import.h"

#include <memory>
#include <string>

namespace lip::train {

// The model that a run starts from.
struct Start {
    std::string name;  // as it was given
    model::ModelConfig config;
    tensor::NamedTensors tensors;
    std::shared_ptr<const text::Tokenizer> tokenizer;
    std::string tokenizer_file, config_file;  // that can be named again; empty if there are none
};

// The first thing in which two configurations differ that weights depend on, but for the numbers of
// positions: "text_cfg/layers: 12 there, 6 here". Empty: nothing.
std::string model_difference(const model::ModelConfig& there, const model::ModelConfig& here);

// Reads a checkpoint of ours or the newest of a run folder, or whatever model::import_model reads.
// `options` and `tokenizer` are for bare weights, `option` is what messages begin with. Throws
// DataError and UsageError.
Start read_start(const std::string& option, const std::string& path,
                 const model::ForeignOptions& options, const std::string& tokenizer);

// Copies the weights into the model. Positions of images and texts of another size are fitted
// (model/positions.h). Single numbers that only one of them has, such as SigLIP's bias, keep the
// value they have or are left out; so are the Prompter's parts, with a warning. Warns if a Llip
// model was trained with settings that give equal weights another meaning. Throws UsageError if
// architecture, tokenizer or shapes are others, DataError for a broken checkpoint.
void load_initial_weights(model::LanguageImageModel& model, const text::Tokenizer& tokenizer,
                          const Start& start, model::Stretch stretch);

}  // namespace lip::train
