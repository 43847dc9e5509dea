// --init: a run that starts from the weights of a checkpoint.
#pragma once

#include "model/checkpoint.h"

#include <string>

namespace lip::train {

// Copies the weights of the checkpoint (or of the newest of a run folder) into the model. Single
// numbers that only one of them has, such as SigLIP's bias, keep the value they have or are left
// out; so are the Prompter's parts, with a warning. Warns if a Llip model was trained with settings
// that give equal weights another meaning. Throws UsageError if architecture, tokenizer or shapes
// are others, DataError for a broken checkpoint.
void load_initial_weights(model::LanguageImageModel& model, const text::Tokenizer& tokenizer,
                          const std::string& checkpoint);

}  // namespace lip::train
