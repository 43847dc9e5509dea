#include "loss/local.h"

#include <ATen/ATen.h>

#include <limits>

namespace lip::loss {

using at::Tensor;

Tensor local_sum(const Tensor& g, const Tensor& t, const Tensor& valid, const Tensor& log_scale,
                 LocalDirection direction, double filter) {
    constexpr double kNever = -std::numeric_limits<double>::infinity();
    const Tensor alive =
        valid.defined() ? valid : at::ones(t.sizes().slice(0, 2), t.options().dtype(at::kBool));
    const Tensor own = at::eye(t.size(1), alive.options()).unsqueeze(0);  // [1, K, K]
    Tensor pairs = alive.unsqueeze(2).logical_and(alive.unsqueeze(1));    // [N, K, K]
    if (filter > 0) {
        const Tensor texts = t.detach();
        pairs = pairs.logical_and(at::bmm(texts, texts.transpose(1, 2)) <= filter);
    }
    // The own pair stays in any case: a row or column of a dead slot is finite, and not counted.
    pairs = pairs.logical_or(own);
    const Tensor c = log_scale.exp() * at::bmm(g, t.transpose(1, 2));  // [N, K, K]
    const Tensor masked = c.masked_fill(pairs.logical_not(), kNever);
    const Tensor right = c.diagonal(0, 1, 2);  // [N, K]
    const auto sum = [&](std::int64_t others) {
        const Tensor each = masked.logsumexp(others) - right;
        return at::where(alive, each, at::zeros_like(each)).sum();
    };
    switch (direction) {
        case LocalDirection::kTextToGroup:
            return sum(1);
        case LocalDirection::kGroupToText:
            return sum(2);
        case LocalDirection::kBoth:
            break;
    }
    return 0.5 * (sum(1) + sum(2));
}

}  // namespace lip::loss
