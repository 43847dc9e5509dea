#include "loss/multi_positive.h"

#include "loss/slot_log_sums.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <utility>

namespace lip::loss {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

double row_weight(const SlotLogits& p) {
    return 0.5 / (p.options.positives == Positives::kSlots ? p.texts : p.images);
}
double column_weight(const SlotLogits& p) {
    return 0.5 / p.texts;
}

// Loss, and the weights [K, N] with which the own logits are taken off the gradient.
std::pair<Tensor, Tensor> loss_of(const SlotLogits& p, const LogSums& lse) {
    const Tensor used = p.columns_used(), rows_used = p.rows_used();
    const Tensor own = p.t.matmul(p.v.unsqueeze(2)).squeeze(2).t() * p.s;  // [K, N] A[i,(i,k)]
    const Tensor used_number = used.to(own.scalar_type());
    const auto sum_where = [](const Tensor& mask, const Tensor& x) {
        return at::where(mask, x, at::zeros_like(x)).sum();
    };
    const Tensor columns = sum_where(used, lse.columns - own) * column_weight(p);
    if (p.options.positives == Positives::kSlots)
        return {sum_where(used, lse.rows - own) * row_weight(p) + columns,
                used_number * (row_weight(p) + column_weight(p))};
    Tensor share, positive;  // [K, N] of the target; [1, N]
    if (p.options.positives == Positives::kAll) {
        share = used_number / used_number.sum(0, true).clamp_min(1);
        positive = (own * share).sum(0, true);
    } else {
        const Tensor kept = own.masked_fill(used.logical_not(), -INFINITY);
        positive = kept.logsumexp(0, true).masked_fill(rows_used.logical_not(), INFINITY);
        share = (kept - positive).exp();
    }
    return {sum_where(rows_used, lse.rows - positive) * row_weight(p) + columns,
            share * row_weight(p) + used_number * column_weight(p)};
}

struct MultiPositiveLoss : torch::autograd::Function<MultiPositiveLoss> {
    static Tensor forward(AutogradContext* context, const Tensor& v, const Tensor& t,
                          const Tensor& valid, const Tensor& log_scale,
                          const MultiPositive& options) {
        const SlotLogits p(v, t, valid, log_scale, options, /*known=*/Tensor());
        Exponent exponent = choose_exponent(p);
        const LogSums lse = log_sums(p, exponent);
        const auto [loss, own_weights] = loss_of(p, lse);
        context->save_for_backward({v, t, valid, log_scale, options.text_ids, p.known, lse.rows,
                                    lse.columns, own_weights});
        context->saved_data["positives"] = static_cast<std::int64_t>(options.positives);
        context->saved_data["chunk"] = options.chunk;
        context->saved_data["own_begin"] = options.own_begin;
        context->saved_data["own_end"] = options.own_end;
        context->saved_data["common"] = exponent.common;
        context->saved_data["shift"] = exponent.shift;
        return loss;
    }

    // With G = dL/dA: dv = s G t, dt = s Gᵀ v, dθ = Σ G A = Σ_i <v_i, dv_i>. G is the gradient of
    // the log-sums, less the own weight at an image's own texts.
    static variable_list backward(AutogradContext* context, variable_list grad) {
        const auto saved = context->get_saved_variables();
        auto& data = context->saved_data;
        const Tensor &v = saved[0], &t = saved[1], &log_scale = saved[3];
        MultiPositive options;
        options.positives = static_cast<Positives>(data["positives"].toInt());
        options.chunk = data["chunk"].toInt();
        options.text_ids = saved[4];
        options.own_begin = data["own_begin"].toInt();
        options.own_end = data["own_end"].toInt();
        const SlotLogits p(v, t, saved[2], log_scale, options, saved[5]);
        LogSumsGradient gradient(p, {data["common"].toBool(), data["shift"].toDouble(), 0},
                                 {saved[6], saved[7]}, grad[0] * row_weight(p),
                                 grad[0] * column_weight(p));
        const Tensor own = saved[8] * grad[0];  // [K, N]
        Tensor dv = at::zeros_like(v, at::MemoryFormat::Contiguous);
        Tensor dt;
        if (context->needs_input_grad(1)) dt = at::zeros_like(t, at::MemoryFormat::Contiguous);
        for_each_block(p, [&](const ImageRange& rows, const ImageRange& columns, std::int64_t k,
                              Tensor& logits, const Tensor& scaled) {
            gradient.replace(rows, columns, k, logits);
            if (rows.begin == columns.begin) logits.diagonal().sub_(rows.of(own[k]));
            rows.of(dv).addmm_(logits, columns.of(t.select(1, k)));
            if (dt.defined()) columns.of(dt.select(1, k)).addmm_(logits.t(), scaled);
        });
        Tensor dtheta = at::zeros({}, v.options());
        for (const ImageRange& rows : p.ranges)
            dtheta.add_((rows.of(dv).mul_(p.s) * rows.of(v)).sum());
        return {dv, dt, Tensor(), dtheta.to(log_scale.scalar_type()), Tensor()};
    }
};

}  // namespace

Tensor multi_positive(const Tensor& v, const Tensor& t, const Tensor& valid,
                      const Tensor& log_scale, const MultiPositive& options) {
    const auto is_of_slots = [&](const Tensor& x) {
        return x.dim() == 2 && x.size(0) == t.size(0) && x.size(1) == t.size(1);
    };
    TORCH_CHECK(v.dim() == 2 && t.dim() == 3 && v.size(0) == t.size(0) && v.size(1) == t.size(2),
                "multi_positive: v [N, D] and t [N, K, D] do not fit");
    TORCH_CHECK((v.scalar_type() == at::kFloat || v.scalar_type() == at::kDouble) &&
                    v.scalar_type() == t.scalar_type(),
                "multi_positive: v and t are not both float or both double");
    TORCH_CHECK(!valid.defined() || is_of_slots(valid), "multi_positive: valid is not [N, K]");
    TORCH_CHECK(!options.text_ids.defined() || is_of_slots(options.text_ids),
                "multi_positive: text_ids is not [N, K]");
    MultiPositive all = options;
    if (all.own_end < 0) all.own_end = v.size(0);
    TORCH_CHECK(all.chunk > 0 && 0 <= all.own_begin && all.own_begin <= all.own_end &&
                    all.own_end <= v.size(0),
                "multi_positive: chunk or own images do not fit");
    const Tensor mask =
        valid.defined() ? valid : at::ones({t.size(0), t.size(1)}, t.options().dtype(at::kBool));
    return MultiPositiveLoss::apply(v, t, mask, log_scale, all);
}

Tensor multi_positive_slots(const Tensor& v, const Tensor& t, const Tensor& valid,
                            const Tensor& log_scale, std::int64_t chunk) {
    MultiPositive options;
    options.chunk = chunk;
    return multi_positive(v, t, valid, log_scale, options);
}

}  // namespace lip::loss
