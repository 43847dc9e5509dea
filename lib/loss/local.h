// DreamLIP's local loss: every sub-caption against the groups of patches of its image.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

namespace lip::loss {

enum class LocalDirection {
    kT2g,  // a text against the groups of its image (the paper)
    kG2t,  // a group against the texts of its image
    kBoth  // half of each
};

struct Local {
    LocalDirection direction = LocalDirection::kT2g;
    // A negative whose text has a cosine above this value with the text of the positive says the
    // same and is left out, in both directions. nullopt: off.
    std::optional<double> filter;
};

// The paper's fine-grained loss (doc/dreamlip.md), as a sum so that parts of a batch add up; divide
// by the number M of valid slots of the whole batch:
//   C_i[j,k] = s <g_ij, t_ik>
//   t2g(i,k) = lse_{j: m_ij=1} C_i[j,k] - C_i[k,k]
//   g2t(i,k) = lse_{n: m_in=1} C_i[k,n] - C_i[k,k]
//   sum over valid (i,k) of t2g, g2t, or (t2g + g2t)/2
//
// g (group_patches) and t [N, K, D] are unit vectors, valid [N, K] is bool (undefined: all valid;
// mark repeated texts, they would be false negatives), log_scale is the scalar ln s. Slots that are
// not valid have no influence and a gradient of 0; an image with one valid slot adds 0. Throws
// c10::Error if shapes do not fit. Memory is a few N x K x K.
at::Tensor local_sum(const at::Tensor& g, const at::Tensor& t, const at::Tensor& valid,
                     const at::Tensor& log_scale, const Local& options = {});

struct LocalBatch {
    std::int64_t chunk = 1024;  // side of the blocks of logits that are held at a time
    // Only the terms of the images [own_begin, own_end), still divided by the M of the whole batch,
    // so that the parts of several processes add up to the loss. -1: to the last.
    std::int64_t own_begin = 0, own_end = -1;
};

// The variant with all groups and texts of the batch as negatives, in both directions: the mean
// over the M valid pairs, CLIP's loss of them. M x M logits are computed, never kept; waits for the
// device. Throws c10::Error if shapes do not fit or no slot is valid.
at::Tensor local_batch(const at::Tensor& g, const at::Tensor& t, const at::Tensor& valid,
                       const at::Tensor& log_scale, const LocalBatch& options = {});

}  // namespace lip::loss
