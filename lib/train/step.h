// Forward and backward pass of a batch.
#pragma once

#include "train/methods.h"

namespace lip::train {

// Adds the gradients of the method's loss to the model's parameters and returns the loss, a scalar
// that looking at waits for. On the CPU the towers run on parts of 16 images and their texts, side
// by side, a part to a thread: that needs no barrier in every layer, stays in the cache, and adds
// gradients up in the order of the parts. So the result does not depend on the number of threads,
// up to twice as many as there are parts and 512 images in a batch; beyond, threads share each
// matrix product and may round differently. Memory: activations of the whole batch, and as many
// sets of gradients as threads.
at::Tensor forward_backward(const Method& method, const model::LanguageImageModel& model,
                            const Batch& batch, at::ScalarType precision);

}  // namespace lip::train
