#include "loss/multi_positive.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

namespace lip::loss {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Slot {
    double loss_weight;  // 1/(2M)
    Tensor s;            // exp(log_scale), scalar
};

// Loss and gradients of one slot. t [N, D], m [N] bool. Adds to dv [N, D], dtheta; returns the loss
// sum of the slot; dt gets its gradient.
Tensor one_slot(const Tensor& v, const Tensor& t, const Tensor& m, const Slot& slot,
                std::int64_t chunk, Tensor& dv, Tensor& dt, Tensor& dtheta) {
    const std::int64_t n = v.size(0);
    const Tensor kept = m.to(v.scalar_type());  // 1 where the slot is valid
    const Tensor lost = m.logical_not();
    const auto logits = [&](std::int64_t begin, std::int64_t end) {
        return v.slice(0, begin, end).matmul(t.t()) * slot.s;  // [c, N]
    };
    const bool single = n <= chunk;
    Tensor whole;                                 // kept when there is one chunk only
    std::vector<Tensor> row_parts, column_parts;  // [c] each; [N] each
    for (std::int64_t begin = 0; begin < n; begin += chunk) {
        const Tensor a = logits(begin, std::min(begin + chunk, n));
        row_parts.push_back(a.masked_fill(lost, -INFINITY).logsumexp(1));
        column_parts.push_back(a.logsumexp(0));
        if (single) whole = a;
    }
    const Tensor row_lse = at::cat(row_parts);  // [N]
    const Tensor column_lse =
        single ? column_parts[0] : at::stack(column_parts).logsumexp(0);  // [N]
    const Tensor own = (v * t).sum(1) * slot.s;                           // [N] A[i,i]
    const Tensor loss = ((row_lse + column_lse - 2 * own) * kept).sum();

    // G = g [exp(A - row) m_i m_n + exp(A - column) m_n - 2 delta m_i]
    for (std::int64_t begin = 0; begin < n; begin += chunk) {
        const std::int64_t end = std::min(begin + chunk, n);
        const Tensor a = single ? whole : logits(begin, end);
        // Columns that are not in row_lse must not be in the exponent either: it would overflow,
        // and inf * 0 is no zero.
        Tensor g =
            (a.masked_fill(lost, -INFINITY) - row_lse.slice(0, begin, end).unsqueeze(1)).exp_();
        g.mul_(kept.slice(0, begin, end).unsqueeze(1));
        g.add_((a - column_lse).exp_()).mul_(kept);
        g.diagonal(begin).sub_(2 * kept.slice(0, begin, end));
        g.mul_(slot.loss_weight);
        dtheta.add_((g * a).sum());
        g.mul_(slot.s);
        dv.slice(0, begin, end).addmm_(g, t);
        dt.addmm_(g.t(), v.slice(0, begin, end));
    }
    return loss;
}

struct SlotAligned : torch::autograd::Function<SlotAligned> {
    static Tensor forward(AutogradContext* context, const Tensor& v, const Tensor& t,
                          const Tensor& valid, const Tensor& log_scale, std::int64_t chunk) {
        const std::int64_t slots = t.size(1);
        const Tensor s = log_scale.exp().to(v.scalar_type());
        const Tensor valid_images = valid.sum(0).to(at::kCPU);  // [K], one wait for the device
        const auto valid_slots = valid_images.sum().item<std::int64_t>();
        TORCH_CHECK(valid_slots > 0, "multi_positive_slots: no slot is valid");
        const Slot slot{0.5 / static_cast<double>(valid_slots), s};
        Tensor dv = at::zeros_like(v), dt = at::zeros_like(t, at::MemoryFormat::Contiguous);
        Tensor dtheta = at::zeros({}, v.options());
        Tensor loss = at::zeros({}, v.options());
        for (std::int64_t k = 0; k < slots; ++k) {
            if (valid_images[k].item<std::int64_t>() == 0) continue;
            Tensor dtk = at::zeros_like(v);
            loss.add_(one_slot(v, t.select(1, k).contiguous(), valid.select(1, k), slot, chunk, dv,
                               dtk, dtheta));
            dt.select(1, k).copy_(dtk);
        }
        context->save_for_backward({dv, dt, dtheta.to(log_scale.scalar_type())});
        return loss * slot.loss_weight;
    }

    static variable_list backward(AutogradContext* context, variable_list grad) {
        const auto saved = context->get_saved_variables();
        return {saved[0] * grad[0], saved[1] * grad[0], Tensor(), saved[2] * grad[0], Tensor()};
    }
};

}  // namespace

Tensor multi_positive_slots(const Tensor& v, const Tensor& t, const Tensor& valid,
                            const Tensor& log_scale, std::int64_t chunk) {
    TORCH_CHECK(v.dim() == 2 && t.dim() == 3 && v.size(0) == t.size(0) && v.size(1) == t.size(2),
                "multi_positive_slots: v [N, D] and t [N, K, D] do not fit");
    TORCH_CHECK(!valid.defined() ||
                    (valid.dim() == 2 && valid.size(0) == t.size(0) && valid.size(1) == t.size(1)),
                "multi_positive_slots: valid is not [N, K]");
    const Tensor mask =
        valid.defined() ? valid : at::ones({t.size(0), t.size(1)}, t.options().dtype(at::kBool));
    return SlotAligned::apply(v, t, mask, log_scale, chunk);
}

}  // namespace lip::loss
