// How texts mix the mixture tokens of images, written out: for a few pairs at a time. Scores of
// many are loss::llip_scores.
#pragma once

#include "model/readout.h"

#include <ATen/core/Tensor.h>

namespace lip::model {

// One query for several texts that say the same, such as the templates of a class: the mean of
// their queries (undefined where they are), and the unit vector along the mean of their targets.
// [1, D]
QueryFeatures average(const QueryFeatures& texts);

struct MixedImages {
    at::Tensor weights;  // [B, T, heads, K], sums of 1 over the tokens
    at::Tensor vectors;  // [B, T, D], of unit length
};

// phi_ij and unit(z_ij) of doc/llip.md for all images B and queries [T, D], which are divided by
// the temperature. `output` is W_O, `output_bias` [D] may be undefined.
MixedImages mix(const MixtureFeatures& images, const at::Tensor& query, const at::Tensor& output,
                const at::Tensor& output_bias, std::int64_t heads);

}  // namespace lip::model
