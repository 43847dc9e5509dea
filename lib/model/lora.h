// LoRA: what a fine-tuned model has beside its matrices, and the model without.
#pragma once

#include "model/checkpoint.h"
#include "model/config.h"
#include "tensor/safetensors.h"

#include <string_view>

namespace lip::model {

// Is it one of the low-rank matrices, A or B?
bool is_lora(std::string_view name);

// W + (alpha / rank) B A in place of each W, and no LoRA any more. Throws DataError naming a matrix
// whose A, B or W is missing.
void merge_lora(ModelConfig& config, tensor::NamedTensors& tensors);

// The same of a model: itself where it has none.
LoadedModel merged(LoadedModel loaded);

}  // namespace lip::model
