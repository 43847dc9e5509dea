#include "loss/grouping.h"

#include "tensor/math.h"

#include <ATen/ATen.h>

namespace lip::loss {
namespace {

constexpr double kFlatRange = 1e-6;  // of cosines: below, there is nothing to choose by

}  // namespace

Groups group_patches(const at::Tensor& t, const at::Tensor& u, const Grouping& options) {
    using at::Tensor;
    TORCH_CHECK(t.dim() == 3 && u.dim() == 3 && t.size(0) == u.size(0) && t.size(2) == u.size(2),
                "group_patches: t [N, K, D] and u [N, P, D] do not fit");
    TORCH_CHECK(u.size(1) > 0, "group_patches: no patches");
    const double even_weight = 1.0 / static_cast<double>(u.size(1));
    const double sigma = options.sigma.value_or(even_weight);

    const Tensor cosines = t.matmul(u.transpose(1, 2));  // [N, K, P]
    const Tensor c = options.stop_gradient ? cosines.detach() : cosines;
    const Tensor low = c.amin(/*dim=*/-1, /*keepdim=*/true);  // [N, K, 1]
    const Tensor range = (c.amax(-1, true) - low).detach();   // [N, K, 1]
    const Tensor flat = range < kFlatRange;                   // [N, K, 1]
    const Tensor relevance = options.softmax ? c.softmax(-1) : c - low;
    // The range cancels in the weights, so it only decides which patches are kept. What is not
    // taken is left out by `where`, never by a factor 0, and nothing is divided by 0: so no NaN
    // arises in the gradient either.
    const Tensor h =
        options.softmax ? relevance.detach() : relevance.detach() / at::where(flat, 1.0, range);
    const Tensor kept = (h >= sigma).logical_and(h > 0);
    const Tensor w = at::where(kept, relevance, at::zeros_like(relevance));
    const Tensor total = w.sum(-1, true);
    const Tensor even = flat.logical_or(total <= 0);
    const Tensor weights =
        at::where(even, even_weight, w / at::where(even, at::ones_like(total), total));
    return {weights, tensor::unit(weights.matmul(u)), (weights.detach() > 0).sum(-1)};
}

}  // namespace lip::loss
