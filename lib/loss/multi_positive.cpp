#include "loss/multi_positive.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace lip::loss {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The images [begin, end) of a block of logits.
struct ImageRange {
    std::int64_t begin, end;
    bool own;  // has terms in the sum

    Tensor of(const Tensor& x, std::int64_t dim = 0) const { return x.slice(dim, begin, end); }
    std::int64_t size() const { return end - begin; }
};

struct MpclProblem {
    MultiPositive options;
    Tensor v, t;        // [N, D], [N, K, D]
    Tensor kept, lost;  // [K, N]: 1 and 0 in v's type; bool
    Tensor s;           // exp(log_scale), scalar in v's type
    std::vector<ImageRange> ranges;
    std::vector<std::int64_t> slots;  // those with a valid text
    double bound;                     // no logit is larger; may be inf or NaN
    double texts, images;             // M; images with a valid text
    Tensor known;                     // [2 + K] on the CPU: where these three come from
    Tensor row_ids, column_ids;       // [K, N] int64; of lost slots, equal to none

    std::int64_t largest() const {  // range
        std::int64_t size = 0;
        for (const ImageRange& range : ranges) size = std::max(size, range.size());
        return size;
    }
    // kSlots has a sum per row for each slot, the others have one.
    std::int64_t row_of(std::int64_t k) const {
        return options.positives == Positives::kSlots ? k : 0;
    }
    double row_weight() const {
        return 0.5 / (options.positives == Positives::kSlots ? texts : images);
    }
    double column_weight() const { return 0.5 / texts; }

    // Images that have a sum in row_of(k), and texts that have one; own ones only. [R, N], [K, N]
    Tensor rows_used() const {
        return options.positives == Positives::kSlots
                   ? columns_used()
                   : columns_used().any(/*dim=*/0, /*keepdim=*/true);
    }
    Tensor columns_used() const {
        Tensor used = at::zeros_like(lost);
        const auto own = [&](const Tensor& x) {
            return x.slice(1, options.own_begin, options.own_end);
        };
        own(used).copy_(own(lost).logical_not());
        return used;
    }
};

MpclProblem make_problem(const Tensor& v, const Tensor& t, const Tensor& valid,
                         const Tensor& log_scale, const MultiPositive& options,
                         const Tensor& known) {
    MpclProblem p;
    p.options = options;
    p.v = v;
    p.t = t;
    const Tensor mask = valid.t().contiguous();  // [K, N]
    p.kept = mask.to(v.scalar_type());
    p.lost = mask.logical_not();
    p.s = log_scale.exp().to(v.scalar_type());
    if (options.text_ids.defined()) {
        const Tensor ids = options.text_ids.t();
        p.row_ids = ids.masked_fill(p.lost, std::numeric_limits<std::int64_t>::min());
        p.column_ids = ids.masked_fill(p.lost, std::numeric_limits<std::int64_t>::min() + 1);
    }
    const std::int64_t n = v.size(0), borders[] = {0, options.own_begin, options.own_end, n};
    for (int part = 0; part < 3; ++part)
        for (std::int64_t begin = borders[part]; begin < borders[part + 1]; begin += options.chunk)
            p.ranges.push_back(
                {begin, std::min(begin + options.chunk, borders[part + 1]), part == 1});

    p.known = known;
    if (!known.defined()) {  // all that the host must know, in one wait for the device
        const Tensor bound = p.s.abs() * at::linalg_vector_norm(v, 2, 1).amax() *
                             at::linalg_vector_norm(t, 2, 2).amax();
        p.known =
            at::cat({bound.to(at::kDouble).view({1}), mask.any(0).sum().to(at::kDouble).view({1}),
                     mask.sum(1).to(at::kDouble)})
                .to(at::kCPU);
    }
    const double* values = p.known.const_data_ptr<double>();
    p.bound = values[0];
    p.images = values[1];
    p.texts = 0;
    for (std::int64_t k = 0; k < t.size(1); ++k)
        if (values[2 + k] > 0) {
            p.slots.push_back(k);
            p.texts += values[2 + k];
        }
    TORCH_CHECK(p.texts > 0, "multi_positive: no slot is valid");
    return p;
}

// Columns that are left out of a row's sum and rows left out of a column's, in a block of slot k:
// undefined, or [r, c] bool.
struct EqualTexts {
    Tensor in_rows, in_columns;
};

EqualTexts equal_texts(const MpclProblem& p, const ImageRange& rows, const ImageRange& columns,
                       std::int64_t k) {
    EqualTexts equal;
    if (!p.row_ids.defined()) return equal;
    const Tensor ids = columns.of(p.column_ids[k]);  // [c]
    const auto with_slot = [&](std::int64_t slot) {
        Tensor same = rows.of(p.row_ids[slot]).unsqueeze(1) == ids;
        if (rows.begin == columns.begin) same.diagonal().fill_(false);
        return same;
    };
    for (const std::int64_t slot : p.slots) {
        const Tensor same = with_slot(slot);
        if (slot == k) equal.in_rows = same.clone();
        if (equal.in_columns.defined())
            equal.in_columns.logical_or_(same);
        else
            equal.in_columns = same;
    }
    if (p.options.positives != Positives::kSlots) equal.in_rows = equal.in_columns;
    return equal;
}

Tensor without(const Tensor& x, const Tensor& mask, double value = 0) {
    return mask.defined() ? x.masked_fill(mask, value) : x;
}

// Calls body(rows, columns, k, logits, scaled): logits [r, c] of slot k, which body may overwrite,
// and scaled = s v [r, D] of the rows. Leaves out blocks without own terms.
template <class Body>
void for_each_block(const MpclProblem& p, const Body& body) {
    const Tensor memory = at::empty({p.largest() * p.largest()}, p.v.options());
    for (const ImageRange& rows : p.ranges) {
        const Tensor scaled = rows.of(p.v) * p.s;
        for (const std::int64_t k : p.slots)
            for (const ImageRange& columns : p.ranges) {
                if (!rows.own && !columns.own) continue;
                Tensor logits = memory.slice(0, 0, rows.size() * columns.size())
                                    .view({rows.size(), columns.size()});
                at::mm_out(logits, scaled, columns.of(p.t.select(1, k)).t());
                body(rows, columns, k, logits, scaled);
            }
    }
}

// Log-sum-exp of each row and column; inf where it is not used, so that exp(x - lse) is 0 there.
struct LogSums {
    Tensor rows, columns;  // [R, N], [K, N]
};

// How exponentials are taken. Where the bound allows, exp(A - shift) with one shift for all serves
// rows and columns; else each has its own maximum, at twice the cost.
struct Exponent {
    bool common;
    double shift;
    double smallest_sum;  // below, terms that count may have been lost; 0: none can be
};

Exponent choose_exponent(const MpclProblem& p) {
    const bool wide = p.v.scalar_type() == at::kDouble;
    const double largest = std::log(wide ? std::numeric_limits<double>::max()
                                         : std::numeric_limits<float>::max()),
                 smallest = std::log(wide ? std::numeric_limits<double>::min()
                                          : std::numeric_limits<float>::min()),
                 terms = static_cast<double>(p.t.size(0) * p.t.size(1)),
                 top = largest - std::log(terms) - 1;
    if (!std::isfinite(p.bound)) return {false, 0, 0};
    const double shift = std::max(0.0, p.bound - top);
    if (-p.bound - shift > smallest) return {true, shift, 0};
    return {true, shift, std::exp(smallest) * terms / (wide ? 1e-16 : 1e-7)};
}

LogSums empty_sums(const MpclProblem& p, double value) {
    const std::int64_t n = p.v.size(0), k = p.t.size(1);
    return {at::full({p.row_of(k - 1) + 1, n}, value, p.v.options()),
            at::full({k, n}, value, p.v.options())};
}

LogSums sums_with_common_shift(const MpclProblem& p, double shift) {
    LogSums sums = empty_sums(p, 0);
    const Tensor ones = at::ones_like(p.v.select(1, 0));  // [N]
    for_each_block(p, [&](const ImageRange& rows, const ImageRange& columns, std::int64_t k,
                          Tensor& logits, const Tensor&) {
        if (shift != 0) logits.sub_(shift);
        logits.exp_();
        const EqualTexts equal = equal_texts(p, rows, columns, k);
        if (rows.own)
            rows.of(sums.rows[p.row_of(k)])
                .addmv_(without(logits, equal.in_rows), columns.of(p.kept[k]));
        if (columns.own)
            columns.of(sums.columns[k])
                .addmv_(without(logits, equal.in_columns).t(), rows.of(ones));
    });
    return sums;
}

LogSums log_sums_one_by_one(const MpclProblem& p) {
    LogSums lse = empty_sums(p, -INFINITY);
    const auto add = [](Tensor sum, const Tensor& part) { at::logaddexp_out(sum, sum, part); };
    for_each_block(p, [&](const ImageRange& rows, const ImageRange& columns, std::int64_t k,
                          Tensor& logits, const Tensor&) {
        const EqualTexts equal = equal_texts(p, rows, columns, k);
        if (rows.own)
            add(rows.of(lse.rows[p.row_of(k)]),
                without(logits.masked_fill(columns.of(p.lost[k]), -INFINITY), equal.in_rows,
                        -INFINITY)
                    .logsumexp(1));
        if (columns.own)
            add(columns.of(lse.columns[k]),
                without(logits, equal.in_columns, -INFINITY).logsumexp(0));
    });
    return lse;
}

// Changes `exponent` if it does not fit the logits.
LogSums log_sums(const MpclProblem& p, Exponent& exponent) {
    const Tensor rows_lost = p.rows_used().logical_not(),
                 columns_lost = p.columns_used().logical_not();
    const auto mark = [&](const LogSums& sums) {
        return LogSums{sums.rows.masked_fill(rows_lost, INFINITY),
                       sums.columns.masked_fill(columns_lost, INFINITY)};
    };
    if (exponent.common) {
        const LogSums sums = mark(sums_with_common_shift(p, exponent.shift));
        if (exponent.smallest_sum == 0 ||
            at::minimum(sums.rows.amin(), sums.columns.amin()).item<double>() >
                exponent.smallest_sum)
            return {sums.rows.log() + exponent.shift, sums.columns.log() + exponent.shift};
        exponent.common = false;
    }
    return mark(log_sums_one_by_one(p));
}

// Loss, and the weights [K, N] with which the own logits are taken off the gradient.
std::pair<Tensor, Tensor> loss_of(const MpclProblem& p, const LogSums& lse) {
    const Tensor used = p.columns_used(), rows_used = p.rows_used();
    const Tensor own = p.t.matmul(p.v.unsqueeze(2)).squeeze(2).t() * p.s;  // [K, N] A[i,(i,k)]
    const Tensor used_number = used.to(own.scalar_type());
    const auto sum_where = [](const Tensor& mask, const Tensor& x) {
        return at::where(mask, x, at::zeros_like(x)).sum();
    };
    const Tensor columns = sum_where(used, lse.columns - own) * p.column_weight();
    if (p.options.positives == Positives::kSlots)
        return {sum_where(used, lse.rows - own) * p.row_weight() + columns,
                used_number * (p.row_weight() + p.column_weight())};
    Tensor share, positive;  // [K, N] of the target; [1, N]
    if (p.options.positives == Positives::kAll) {
        share = used_number / used_number.sum(0, true).clamp_min(1);
        positive = (own * share).sum(0, true);
    } else {
        const Tensor kept = own.masked_fill(used.logical_not(), -INFINITY);
        positive = kept.logsumexp(0, true).masked_fill(rows_used.logical_not(), INFINITY);
        share = (kept - positive).exp();
    }
    return {sum_where(rows_used, lse.rows - positive) * p.row_weight() + columns,
            share * p.row_weight() + used_number * p.column_weight()};
}

// dL/dA = row weight · exp(A - row lse) m_n + column weight · exp(A - column lse) - own weight · δ
class LogitGradient {
public:
    LogitGradient(const MpclProblem& p, const Exponent& exponent, const LogSums& lse,
                  const Tensor& own_weights, const Tensor& scale)
        : p_(p), exponent_(exponent), own_(own_weights * scale) {
        rows_ = exponent.common ? (exponent.shift - lse.rows).exp_() : lse.rows;
        columns_ = exponent.common ? (exponent.shift - lse.columns).exp_() : lse.columns;
        row_weight_ = scale * p.row_weight();
        column_weight_ = scale * p.column_weight();
        if (exponent.common) {
            rows_.mul_(row_weight_);
            columns_.mul_(column_weight_);
        }
    }

    // The logits become their gradient.
    void replace(const ImageRange& rows, const ImageRange& columns, std::int64_t k,
                 Tensor& logits) {
        const Tensor row = rows.of(rows_[p_.row_of(k)]).unsqueeze(1),  // [r, 1]
            column = columns.of(columns_[k]), kept = columns.of(p_.kept[k]);
        const EqualTexts equal = equal_texts(p_, rows, columns, k);
        if (!exponent_.common) {
            const Tensor in_rows = without(logits.masked_fill(columns.of(p_.lost[k]), -INFINITY),
                                           equal.in_rows, -INFINITY);
            const Tensor in_columns = without(logits, equal.in_columns, -INFINITY);
            logits.copy_((in_rows - row).exp_().mul_(row_weight_) +
                         (in_columns - column).exp_().mul_(column_weight_));
        } else {
            if (exponent_.shift != 0) logits.sub_(exponent_.shift);
            logits.exp_();
            if (!memory_.defined())
                memory_ = at::empty({p_.largest() * p_.largest()}, row.options());
            Tensor factor = memory_.slice(0, 0, logits.numel()).view(logits.sizes());
            if (equal.in_rows.defined())
                factor.copy_((row * kept).masked_fill_(equal.in_rows, 0) +
                             column.expand_as(logits).masked_fill(equal.in_columns, 0));
            else
                at::addcmul_out(factor, column, row, kept);
            logits.mul_(factor);
        }
        if (rows.begin == columns.begin) logits.diagonal().sub_(rows.of(own_[k]));
    }

private:
    const MpclProblem& p_;
    Exponent exponent_;
    Tensor own_, rows_, columns_, row_weight_, column_weight_, memory_;
};

struct MultiPositiveLoss : torch::autograd::Function<MultiPositiveLoss> {
    static Tensor forward(AutogradContext* context, const Tensor& v, const Tensor& t,
                          const Tensor& valid, const Tensor& log_scale,
                          const MultiPositive& options) {
        const MpclProblem p = make_problem(v, t, valid, log_scale, options, Tensor());
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

    // With G = dL/dA: dv = s G t, dt = s Gᵀ v, dθ = Σ G A = Σ_i <v_i, dv_i>.
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
        const MpclProblem p = make_problem(v, t, saved[2], log_scale, options, saved[5]);
        LogitGradient gradient(p, {data["common"].toBool(), data["shift"].toDouble(), 0},
                               {saved[6], saved[7]}, saved[8], grad[0]);
        Tensor dv = at::zeros_like(v, at::MemoryFormat::Contiguous);
        Tensor dt;
        if (context->needs_input_grad(1)) dt = at::zeros_like(t, at::MemoryFormat::Contiguous);
        for_each_block(p, [&](const ImageRange& rows, const ImageRange& columns, std::int64_t k,
                              Tensor& logits, const Tensor& scaled) {
            gradient.replace(rows, columns, k, logits);
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
