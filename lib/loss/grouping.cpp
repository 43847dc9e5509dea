#include "loss/grouping.h"

#include "cli/error.h"
#include "tensor/math.h"

#include <ATen/ATen.h>

namespace lip::loss {

using at::Tensor;

namespace {

constexpr double kFlat = 1e-6;  // a range below this tells nothing

}  // namespace

Groups group_patches(const Tensor& t, const Tensor& u, const Grouping& settings) {
    if (t.dim() != 3 || u.dim() != 3 || t.size(0) != u.size(0) || t.size(2) != u.size(2))
        throw cli::DataError("grouping: texts and patches do not fit together");
    const auto patches = static_cast<double>(u.size(1));
    const double threshold = settings.threshold < 0 ? 1 / patches : settings.threshold;
    Tensor c = at::bmm(t, u.transpose(1, 2));  // [N, K, P]
    if (settings.stop_gradient) c = c.detach();
    Tensor h = c;
    Tensor flat = at::zeros({}, c.options().dtype(at::kBool));
    if (settings.softmax) {
        h = at::softmax(c, -1);
    } else {
        const Tensor least = std::get<0>(c.min(-1, /*keepdim=*/true));
        const Tensor range = std::get<0>(c.max(-1, true)) - least;
        flat = range < kFlat;
        h = (c - least) / at::where(flat, at::ones_like(range), range);
    }
    const Tensor kept = (h >= threshold).logical_and(h > 0).logical_and(flat.logical_not());
    const Tensor w = at::where(kept, h, at::zeros_like(h));
    const Tensor sum = w.sum(-1, true);
    const Tensor none = sum <= 0;
    const Tensor weights = at::where(none, at::full_like(w, 1 / patches),
                                     w / at::where(none, at::ones_like(sum), sum));
    return {weights, tensor::unit(at::bmm(weights, u))};
}

}  // namespace lip::loss
