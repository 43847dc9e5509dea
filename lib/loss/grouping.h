// DreamLIP's sub-caption-specific grouping: the patches of an image that a text describes, as one
// vector.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace lip::loss {

struct Grouping {
    // Least relevance of a patch that counts, of 0..1. nullopt: 1/P. The most relevant patch always
    // counts; at 0 all but the least relevant do. Above 1 none does: all patches count alike.
    std::optional<double> sigma;
    bool softmax = false;        // relevance is the softmax over the patches
    bool stop_gradient = false;  // weights are constants in the gradient
};

struct Groups {
    at::Tensor weights;   // [N, K, P], sum to 1 over the patches
    at::Tensor features;  // [N, K, D], of unit length
    at::Tensor kept;      // [N, K] int64: patches with a weight
};

// The grouping equations of the paper (doc/dreamlip.md), for every text k of image i:
//   c_p = <t, u_p>,  h_p = (c_p - min c) / (max c - min c)
//   w_p = h_p where h_p >= sigma and h_p > 0, else 0;  a_p = w_p / sum w
//   g = unit(sum_p a_p u_p)
// Where c varies by less than 1e-6 or nothing is kept, a_p = 1/P and is a constant in the gradient;
// which patches are kept always is. No input gives NaN.
//
// t [N, K, D] and u [N, P, D], float or double, have unit length. Throws c10::Error if they do not
// fit. Differentiable in both; memory is a few N x K x P.
Groups group_patches(const at::Tensor& t, const at::Tensor& u, const Grouping& options = {});

}  // namespace lip::loss
