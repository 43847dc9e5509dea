#include "loss/sigmoid.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace lip::loss {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Sigmoid : torch::autograd::Function<Sigmoid> {
    static Tensor forward(AutogradContext* context, const Tensor& v, const Tensor& t,
                          const Tensor& log_scale, const Tensor& bias, std::int64_t chunk) {
        const std::int64_t n = v.size(0);
        const Tensor s = log_scale.exp().to(v.scalar_type()), b = bias.to(v.scalar_type());
        Tensor dv = at::zeros_like(v), dt = at::zeros_like(t);
        Tensor dtheta = at::zeros({}, v.options()), db = at::zeros({}, v.options()),
               loss = at::zeros({}, v.options());
        for (std::int64_t begin = 0; begin < n; begin += chunk) {
            const std::int64_t end = std::min(begin + chunk, n);
            const Tensor rows = v.slice(0, begin, end);
            const Tensor a = rows.matmul(t.t()) * s;  // [c, N]
            const Tensor x = a + b;
            // -z x is x off the diagonal and -x on it; softplus(-x) = softplus(x) - x.
            loss.add_(at::softplus(x).sum() - x.diagonal(begin).sum());
            Tensor g = at::sigmoid(x);  // dL/dx, up to 1/N
            g.diagonal(begin).sub_(1);
            g.div_(static_cast<double>(n));
            dtheta.add_((g * a).sum());
            db.add_(g.sum());
            g.mul_(s);
            dv.slice(0, begin, end).addmm_(g, t);
            dt.addmm_(g.t(), rows);
        }
        context->save_for_backward(
            {dv, dt, dtheta.to(log_scale.scalar_type()), db.to(bias.scalar_type())});
        return loss / static_cast<double>(n);
    }

    static variable_list backward(AutogradContext* context, variable_list grad) {
        const auto saved = context->get_saved_variables();
        return {saved[0] * grad[0], saved[1] * grad[0], saved[2] * grad[0], saved[3] * grad[0],
                Tensor()};
    }
};

}  // namespace

Tensor sigmoid_loss(const Tensor& v, const Tensor& t, const Tensor& log_scale, const Tensor& bias,
                    std::int64_t chunk) {
    TORCH_CHECK(v.dim() == 2 && v.sizes() == t.sizes(),
                "sigmoid_loss: v and t are not both [N, D]");
    return Sigmoid::apply(v, t, log_scale, bias, chunk);
}

}  // namespace lip::loss
