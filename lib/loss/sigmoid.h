// SigLIP's loss: every pair of image and text is a yes-or-no question.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace lip::loss {

struct SigmoidPart {
    std::int64_t chunk = 1024;  // images whose logits are held at a time
    // Only the terms of the images [own_begin, own_end) with all texts, still divided by the count
    // of the whole batch: the parts of several processes add up to the loss. -1: to the last.
    std::int64_t own_begin = 0, own_end = -1;
};

// L = 1/N sum_{i,j} softplus(-z_ij (s <v_i, t_j> + b)),  z_ij = +1 if i = j else -1
//
// v, t [N, D] unit vectors; log_scale and bias scalars (ln s, b). Memory beyond inputs and
// gradients is two matrices of chunk x N. Differentiable in all four, once.
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
