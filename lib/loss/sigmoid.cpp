#include "loss/sigmoid.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

namespace lip::loss {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// In full precision: ATen's default is x from 20 on, off by 2e-9.
Tensor exact_softplus(const Tensor& x) {
    return at::softplus(x, /*beta=*/1, /*threshold=*/40);
}

// t [N, K, D], valid [N, K] bool.
struct Sigmoid : torch::autograd::Function<Sigmoid> {
    static Tensor forward(AutogradContext* context, const Tensor& v, const Tensor& t,
                          const Tensor& valid, const Tensor& log_scale, const Tensor& bias,
                          const SigmoidPart& part) {
        const Tensor s = log_scale.exp().to(v.scalar_type()), b = bias.to(v.scalar_type());
        const Tensor count = part.count > 0 ? at::full({}, part.count, v.options())
                                            : valid.sum().to(v.scalar_type());
        const Tensor lost = valid.logical_not();
        Tensor dv = at::zeros_like(v), dt = at::zeros_like(t, at::MemoryFormat::Contiguous);
        Tensor dtheta = at::zeros({}, v.options()), db = at::zeros({}, v.options()),
               loss = at::zeros({}, v.options());
        for (std::int64_t begin = 0; begin < v.size(0); begin += part.chunk) {
            const std::int64_t end = std::min(begin + part.chunk, v.size(0));
            const Tensor rows = v.slice(0, begin, end);
            // Of a [c, N] matrix, the entries of own pairs.
            const auto own_pairs = [&](const Tensor& x) {
                const std::int64_t first = part.own_begin + begin;
                if (first >= t.size(0) || first + x.size(0) <= 0) return x.flatten().slice(0, 0, 0);
                return x.diagonal(first);
            };
            for (std::int64_t k = 0; k < t.size(1); ++k) {
                const Tensor texts = t.select(1, k);
                const Tensor a = rows.matmul(texts.t()) * s;  // [c, N]
                Tensor x = a + b;                             // -z (s <v, t> + b)
                own_pairs(x).neg_();
                x.masked_fill_(lost.select(1, k), -INFINITY);
                loss.add_(exact_softplus(x).sum());
                Tensor g = x.sigmoid_().div_(count);  // dL/da
                own_pairs(g).neg_();
                dtheta.add_((g * a).sum());
                db.add_(g.sum());
                g.mul_(s);
                dv.slice(0, begin, end).addmm_(g, texts);
                dt.select(1, k).addmm_(g.t(), rows);
            }
        }
        context->save_for_backward(
            {dv, dt, dtheta.to(log_scale.scalar_type()), db.to(bias.scalar_type())});
        return loss / count;
    }

    static variable_list backward(AutogradContext* context, variable_list grad) {
        const auto saved = context->get_saved_variables();
        return {saved[0] * grad[0], saved[1] * grad[0], Tensor(),
                saved[2] * grad[0], saved[3] * grad[0], Tensor()};
    }
};

}  // namespace

Tensor sigmoid_loss(const Tensor& v, const Tensor& t, const Tensor& log_scale, const Tensor& bias,
                    const SigmoidPart& part) {
    TORCH_CHECK(t.dim() == 2, "sigmoid_loss: t is not [N, D]");
    return multi_positive_sigmoid(v, t.unsqueeze(1), {}, log_scale, bias, part);
}

Tensor multi_positive_sigmoid(const Tensor& v, const Tensor& t, const Tensor& valid,
                              const Tensor& log_scale, const Tensor& bias,
                              const SigmoidPart& part) {
    TORCH_CHECK(v.dim() == 2 && t.dim() == 3 && v.size(1) == t.size(2),
                "multi_positive_sigmoid: v [n, D] and t [N, K, D] do not fit");
    TORCH_CHECK(!valid.defined() ||
                    (valid.dim() == 2 && valid.size(0) == t.size(0) && valid.size(1) == t.size(1)),
                "multi_positive_sigmoid: valid is not [N, K]");
    TORCH_CHECK(
        part.chunk > 0 && part.count >= 0 &&
            (part.count > 0 || (part.own_begin >= 0 && part.own_begin + v.size(0) <= t.size(0))),
        "multi_positive_sigmoid: the images have not all their texts");
    const Tensor mask =
        valid.defined() ? valid : at::ones({t.size(0), t.size(1)}, t.options().dtype(at::kBool));
    return Sigmoid::apply(v, t, mask, log_scale, bias, part);
}

}  // namespace lip::loss
