// Learned positions of a model that is to take images or texts of another size.
#pragma once

#include "model/config.h"
#include "tensor/safetensors.h"

namespace lip::model {

// visual.positional_embedding for the grid of the configuration: bicubic with antialiasing between
// square grids, as open_clip does it; a class token's position stays. Nothing to do where the grid
// is the same, or is not square.
void fit_image_positions(tensor::NamedTensors& tensors, const VisionConfig& vision);

inline constexpr std::int64_t kKeptPositions = 20;

// How text positions become more: those of the first 20 tokens stay, and the others are spread over
// the rest (Long-CLIP, Zhang et al. 2024, section 3.2: 77 become 248); or all are spread
// (open_clip).
enum class Stretch { kKeepFirst20, kInterpolate };

// positional_embedding for `length` tokens. Fewer: with kKeepFirst20 the first ones.
void fit_text_positions(tensor::NamedTensors& tensors, std::int64_t length, Stretch stretch);

}  // namespace lip::model
