// One text of each other image of a batch, drawn anew in every step: FLAIR's negatives.
#pragma once

#include "train/data.h"

#include <ATen/core/Tensor.h>

namespace lip::train {

// The images' own random numbers, int64 [b], of (seed, epoch, key).
at::Tensor draws_of(const Batch& batch);

// For each of `own` [b] and each of `all` [B] the number of one of its valid texts, evenly drawn
// from both random numbers alone: whichever rank draws, and in whatever order. Of an image that
// has no valid text the first. valid [B, K]; int64 [b, B], on the CPU.
at::Tensor draw_negatives(const at::Tensor& own, const at::Tensor& all, const at::Tensor& valid);

}  // namespace lip::train
