// SigLIP's loss: every pair of image and text is a yes-or-no question.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace lip::loss {

struct SigmoidPart {
    std::int64_t chunk = 1024;  // images whose logits are held at a time
    // The images given are those of the batch from this one on: the losses of several processes,
    // each with its own images and all texts, add up to that of the batch.
    std::int64_t own_begin = 0;
    // M, where the texts given are those of some of the batch's images only: losses over all texts
    // add up, too. Then own_begin may lie outside of them, or be negative.
    std::int64_t count = 0;
};

// L = 1/N sum_{i,j} softplus(-z_ij (s <v_i, t_j> + b)),  z_ij = +1 if i = j else -1
//
// v [n, D] and t [N, D] unit vectors, N = n unless a part says more; log_scale and bias scalars
// (ln s, b). Memory beyond inputs and gradients is two matrices of chunk x N. Differentiable in all
// four, once.
// Throws c10::Error if v and t do not fit.
at::Tensor sigmoid_loss(const at::Tensor& v, const at::Tensor& t, const at::Tensor& log_scale,
                        const at::Tensor& bias, const SigmoidPart& part = {});

// The same with K texts an image (as FLAIR has it):
//   L = 1/M sum over i and valid (n,k) of softplus(-z_in (s <v_i, t_nk> + b)),  z_in = +1 if i = n
//
// t [N, K, D] unit vectors; valid [N, K] bool (undefined: all valid), M how many are, at least one.
// A slot that is not valid has no influence and a gradient of 0. Throws c10::Error if shapes do not
// fit. Usual start: b = -10.
at::Tensor multi_positive_sigmoid(const at::Tensor& v, const at::Tensor& t, const at::Tensor& valid,
                                  const at::Tensor& log_scale, const at::Tensor& bias,
                                  const SigmoidPart& part = {});

}  // namespace lip::loss
