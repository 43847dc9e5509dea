// SigLIP's loss: every pair of image and text is a yes-or-no question.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace lip::loss {

// L = 1/N sum_{i,j} softplus(-z_ij (s <v_i, t_j> + b)),  z_ij = +1 if i = j else -1
//
// v, t [N, D] unit vectors; log_scale and bias scalars (ln s, b). Memory beyond inputs and
// gradients is two matrices of chunk x N. Differentiable in all four, once.
at::Tensor sigmoid_loss(const at::Tensor& v, const at::Tensor& t, const at::Tensor& log_scale,
                        const at::Tensor& bias, std::int64_t chunk = 1024);

}  // namespace lip::loss
