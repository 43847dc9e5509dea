// Sub-caption-specific grouping of patches (DreamLIP).
#pragma once

#include <ATen/core/Tensor.h>

namespace lip::loss {

struct Grouping {
    double threshold = -1;       // least weight that a patch keeps; -1: 1 / P
    bool softmax = false;        // weights by a softmax over the patches before the threshold
    bool stop_gradient = false;  // weights are constants
};

struct Groups {
    at::Tensor weights;   // [N, K, P], sum to 1
    at::Tensor features;  // [N, K, D] unit vectors
};

// DreamLIP, grouping block (doc/dreamlip.md):
//   c_ikp = <t_ik, u_ip>    h = (c - min_p c) / (max_p c - min_p c)
//   w = h if h >= threshold and h > 0, else 0    a = w / sum_p w    g_ik = unit(sum_p a_ikp u_ip)
// t [N, K, D] and u [N, P, D] unit vectors. Where all patches are alike (max - min < 1e-6) or none
// is kept the weights are 1/P, constants to the gradient: nothing gives NaN. Gradients flow through
// the weights; which patches are kept is constant. Throws cli::DataError if the sizes do not fit.
Groups group_patches(const at::Tensor& t, const at::Tensor& u, const Grouping& settings);

}  // namespace lip::loss
