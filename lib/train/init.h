// --init: a run that starts from the weights of a checkpoint.
#pragma once

#include "model/checkpoint.h"

#include <string>

namespace lip::train {

// Copies the weights of the checkpoint (or of the newest of a run folder) into the model. Single
// numbers that only one of them has, such as SigLIP's bias, keep the value they have or are left
// out. Throws UsageError if architecture or tokenizer are others, DataError for a broken
// checkpoint.
void load_initial_weights(model::LanguageImageModel& model, const text::Tokenizer& tokenizer,
                          const std::string& checkpoint);

}  // namespace lip::train
