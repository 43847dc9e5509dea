#include "loss/slot_log_sums.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace lip::loss {

using at::Tensor;

SlotLogits::SlotLogits(const Tensor& image_vectors, const Tensor& text_vectors, const Tensor& valid,
                       const Tensor& log_scale, const MultiPositive& given, const Tensor& earlier)
    : options(given), v(image_vectors), t(text_vectors), known(earlier) {
    const Tensor mask = valid.t().contiguous();  // [K, N]
    kept = mask.to(v.scalar_type());
    lost = mask.logical_not();
    s = log_scale.exp().to(v.scalar_type());
    if (options.text_ids.defined()) {
        const Tensor ids = options.text_ids.t();
        row_ids = ids.masked_fill(lost, std::numeric_limits<std::int64_t>::min());
        column_ids = ids.masked_fill(lost, std::numeric_limits<std::int64_t>::min() + 1);
    }
    const std::int64_t n = v.size(0), borders[] = {0, options.own_begin, options.own_end, n};
    for (int part = 0; part < 3; ++part)
        for (std::int64_t begin = borders[part]; begin < borders[part + 1]; begin += options.chunk)
            ranges.push_back(
                {begin, std::min(begin + options.chunk, borders[part + 1]), part == 1});

    if (!known.defined()) {  // all that the host must know, in one wait for the device
        const Tensor largest_logit = s.abs() * at::linalg_vector_norm(v, 2, 1).amax() *
                                     at::linalg_vector_norm(t, 2, 2).amax();
        known = at::cat({largest_logit.to(at::kDouble).view({1}),
                         mask.any(0).sum().to(at::kDouble).view({1}), mask.sum(1).to(at::kDouble)})
                    .to(at::kCPU);
    }
    const double* values = known.const_data_ptr<double>();
    bound = values[0];
    images = values[1];
    texts = 0;
    for (std::int64_t k = 0; k < t.size(1); ++k)
        if (values[2 + k] > 0) {
            slots.push_back(k);
            texts += values[2 + k];
        }
    TORCH_CHECK(texts > 0, "multi_positive: no slot is valid");
}

std::int64_t SlotLogits::largest() const {
    std::int64_t size = 0;
    for (const ImageRange& range : ranges) size = std::max(size, range.size());
    return size;
}

Tensor SlotLogits::rows_used() const {
    return options.positives == Positives::kSlots ? columns_used()
                                                  : columns_used().any(/*dim=*/0, /*keepdim=*/true);
}

Tensor SlotLogits::columns_used() const {
    Tensor used = at::zeros_like(lost);
    const auto own = [&](const Tensor& x) {
        return x.slice(1, options.own_begin, options.own_end);
    };
    own(used).copy_(own(lost).logical_not());
    return used;
}

void for_each_block(const SlotLogits& p, const SeeBlock& see) {
    const Tensor memory = at::empty({p.largest() * p.largest()}, p.v.options());
    for (const ImageRange& rows : p.ranges) {
        const Tensor scaled = rows.of(p.v) * p.s;
        for (const std::int64_t k : p.slots)
            for (const ImageRange& columns : p.ranges) {
                if (!rows.own && !columns.own) continue;
                Tensor logits = memory.slice(0, 0, rows.size() * columns.size())
                                    .view({rows.size(), columns.size()});
                at::mm_out(logits, scaled, columns.of(p.t.select(1, k)).t());
                see(rows, columns, k, logits, scaled);
            }
    }
}

Exponent choose_exponent(const SlotLogits& p) {
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

namespace {

// Columns that are left out of a row's sum and rows left out of a column's, in a block of slot k:
// undefined, or [r, c] bool.
struct EqualTexts {
    Tensor in_rows, in_columns;
};

EqualTexts equal_texts(const SlotLogits& p, const ImageRange& rows, const ImageRange& columns,
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

LogSums empty_sums(const SlotLogits& p, double value) {
    const std::int64_t n = p.v.size(0), k = p.t.size(1);
    return {at::full({p.row_of(k - 1) + 1, n}, value, p.v.options()),
            at::full({k, n}, value, p.v.options())};
}

LogSums sums_with_common_shift(const SlotLogits& p, double shift) {
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

LogSums log_sums_one_by_one(const SlotLogits& p) {
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

}  // namespace

LogSums log_sums(const SlotLogits& p, Exponent& exponent) {
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
LogSumsGradient::LogSumsGradient(const SlotLogits& p, const Exponent& exponent, const LogSums& lse,
                                 const Tensor& row_weight, const Tensor& column_weight)
    : p_(p), exponent_(exponent), row_weight_(row_weight), column_weight_(column_weight) {
    rows_ = exponent.common ? (exponent.shift - lse.rows).exp_() : lse.rows;
    columns_ = exponent.common ? (exponent.shift - lse.columns).exp_() : lse.columns;
    if (exponent.common) {
        rows_.mul_(row_weight_);
        columns_.mul_(column_weight_);
    }
}

void LogSumsGradient::replace(const ImageRange& rows, const ImageRange& columns, std::int64_t k,
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
        return;
    }
    if (exponent_.shift != 0) logits.sub_(exponent_.shift);
    logits.exp_();
    if (!memory_.defined()) memory_ = at::empty({p_.largest() * p_.largest()}, row.options());
    Tensor factor = memory_.slice(0, 0, logits.numel()).view(logits.sizes());
    if (equal.in_rows.defined())
        factor.copy_((row * kept).masked_fill_(equal.in_rows, 0) +
                     column.expand_as(logits).masked_fill(equal.in_columns, 0));
    else
        at::addcmul_out(factor, column, row, kept);
    logits.mul_(factor);
}

}  // namespace lip::loss
