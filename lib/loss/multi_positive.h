// Multi-positive contrastive loss of DreamLIP, slot-aligned: texts in slot k of all images compete
// with each other, texts of one image never do.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace lip::loss {

// DreamLIP, equation of the multi-positive loss (doc/dreamlip.md); with one slot it is CLIP's
// symmetric loss:
//   A_k[i,n] = s <v_i, t_nk>
//   i2t(i,k) = lse_{n: m_nk=1} A_k[i,n] - A_k[i,i]      t2i(i,k) = lse_n A_k[n,i] - A_k[i,i]
//   L = 1/(2M) sum over valid (i,k) of [i2t + t2i],  M = number of valid slots
//
// v [N, D] and t [N, K, D] are unit vectors, valid [N, K] is bool (undefined: all valid), log_scale
// is the scalar ln s. At least one slot must be valid. Memory beyond the inputs and their gradients
// is two matrices of chunk x N: the loss and its gradients are computed chunk by chunk in the
// forward pass. Differentiable in v, t and log_scale, once.
at::Tensor multi_positive_slots(const at::Tensor& v, const at::Tensor& t, const at::Tensor& valid,
                                const at::Tensor& log_scale, std::int64_t chunk = 1024);

}  // namespace lip::loss
