#include "loss/local.h"

#include "loss/multi_positive.h"

#include <ATen/ATen.h>

#include <cmath>

namespace lip::loss {
namespace {

at::Tensor checked_mask(const at::Tensor& g, const at::Tensor& t, const at::Tensor& valid) {
    TORCH_CHECK(t.dim() == 3 && g.sizes() == t.sizes(),
                "local loss: g and t are not both [N, K, D]");
    if (!valid.defined()) return at::ones({t.size(0), t.size(1)}, t.options().dtype(at::kBool));
    TORCH_CHECK(valid.dim() == 2 && valid.size(0) == t.size(0) && valid.size(1) == t.size(1),
                "local loss: valid is not [N, K]");
    return valid;
}

}  // namespace

at::Tensor local_sum(const at::Tensor& g, const at::Tensor& t, const at::Tensor& valid,
                     const at::Tensor& log_scale, const Local& options) {
    using at::Tensor;
    const Tensor mask = checked_mask(g, t, valid);
    const Tensor logits = g.matmul(t.transpose(1, 2)) * log_scale.exp();  // [N, K group, K text]
    const Tensor own = logits.diagonal(0, 1, 2);                          // [N, K]
    // The own entry stays even where the slot is lost: no row is empty, so none gives NaN.
    const Tensor others = at::eye(t.size(1), mask.options()).logical_not();  // [K, K]
    Tensor same = at::zeros_like(others);                                    // [K, K] or [N, K, K]
    if (options.filter) {
        const Tensor texts = t.detach();
        same = texts.matmul(texts.transpose(1, 2)) > *options.filter;
    }
    const auto one_way = [&](std::int64_t over) {  // 1: the groups compete, 2: the texts
        const Tensor lost = mask.logical_not().unsqueeze(3 - over).logical_or(same);
        const Tensor lse =
            logits.masked_fill(lost.logical_and(others), -INFINITY).logsumexp(over);  // [N, K]
        return at::where(mask, lse - own, at::zeros_like(own)).sum();
    };
    if (options.direction == LocalDirection::kT2g) return one_way(1);
    if (options.direction == LocalDirection::kG2t) return one_way(2);
    return (one_way(1) + one_way(2)) / 2;
}

at::Tensor local_batch(const at::Tensor& g, const at::Tensor& t, const at::Tensor& valid,
                       const at::Tensor& log_scale, const LocalBatch& options) {
    const at::Tensor mask = checked_mask(g, t, valid), rows = mask.flatten().nonzero().squeeze(1);
    TORCH_CHECK(rows.size(0) > 0, "local_batch: no slot is valid");
    const auto rows_before = [&](std::int64_t image) {
        return mask.slice(0, 0, image).sum().item<std::int64_t>();
    };
    // Groups in the place of images, with one text each.
    return multi_positive(g.flatten(0, 1).index_select(0, rows),
                          t.flatten(0, 1).index_select(0, rows).unsqueeze(1), {}, log_scale,
                          {.chunk = options.chunk,
                           .own_begin = rows_before(options.own_begin),
                           .own_end = options.own_end < 0 ? -1 : rows_before(options.own_end)});
}

}  // namespace lip::loss
