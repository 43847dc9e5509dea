// The logits of all images with the texts in all slots, walked in blocks: the log-sum-exp of their
// rows and columns, and its gradient. What multi_positive.h compares own texts with.
#pragma once

#include "loss/multi_positive.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace lip::loss {

// The images [begin, end) of a block of logits.
struct ImageRange {
    std::int64_t begin, end;
    bool own;  // has terms in the sum

    at::Tensor of(const at::Tensor& x, std::int64_t dim = 0) const {
        return x.slice(dim, begin, end);
    }
    std::int64_t size() const { return end - begin; }
};

// What the logits A[i,(n,k)] = s <v_i, t_nk> are made of, and which of them count.
struct SlotLogits {
    MultiPositive options;
    at::Tensor v, t;        // [N, D], [N, K, D]
    at::Tensor kept, lost;  // [K, N]: 1 and 0 in v's type; bool
    at::Tensor s;           // exp(log_scale), scalar in v's type
    std::vector<ImageRange> ranges;
    std::vector<std::int64_t> slots;  // those with a valid text
    double bound;                     // no logit is larger; may be inf or NaN
    double texts, images;             // M; images with a valid text
    at::Tensor known;                 // [2 + K] on the CPU: where these three come from
    at::Tensor row_ids, column_ids;   // [K, N] int64; of lost slots, equal to none

    // `valid` [N, K] bool. `known` is that of an earlier one with the same arguments, or undefined:
    // then it waits for the device. Throws c10::Error if no slot is valid.
    SlotLogits(const at::Tensor& v, const at::Tensor& t, const at::Tensor& valid,
               const at::Tensor& log_scale, const MultiPositive& options, const at::Tensor& known);

    std::int64_t largest() const;  // range
    // kSlots has a sum per row for each slot, the others have one.
    std::int64_t row_of(std::int64_t k) const {
        return options.positives == Positives::kSlots ? k : 0;
    }
    // Images that have a sum in row_of(k), and texts that have one; own ones only. [R, N], [K, N]
    at::Tensor rows_used() const;
    at::Tensor columns_used() const;
};

// Takes the logits [r, c] of slot k, which it may overwrite, and scaled = s v [r, D] of the rows.
using SeeBlock = std::function<void(const ImageRange& rows, const ImageRange& columns,
                                    std::int64_t k, at::Tensor& logits, const at::Tensor& scaled)>;

// Leaves out blocks without own terms.
void for_each_block(const SlotLogits& p, const SeeBlock& see);

// Log-sum-exp of each row and column; inf where it is not used, so that exp(x - lse) is 0 there.
struct LogSums {
    at::Tensor rows, columns;  // [R, N], [K, N]
};

// How exponentials are taken. Where the bound allows, exp(A - shift) with one shift for all serves
// rows and columns; else each has its own maximum, at twice the cost.
struct Exponent {
    bool common;
    double shift;
    double smallest_sum;  // below, terms that count may have been lost; 0: none can be
};

Exponent choose_exponent(const SlotLogits& p);

// Changes `exponent` if it does not fit the logits.
LogSums log_sums(const SlotLogits& p, Exponent& exponent);

// The gradient of all log-sums, each times its weight, with respect to the logits:
//   row weight · exp(A - row lse) m_n + column weight · exp(A - column lse)
class LogSumsGradient {
public:
    // `exponent` as log_sums() left it; weights are scalars. Keeps a reference to `p`.
    LogSumsGradient(const SlotLogits& p, const Exponent& exponent, const LogSums& lse,
                    const at::Tensor& row_weight, const at::Tensor& column_weight);

    // The logits of a block become their gradient.
    void replace(const ImageRange& rows, const ImageRange& columns, std::int64_t k,
                 at::Tensor& logits);

private:
    const SlotLogits& p_;
    Exponent exponent_;
    at::Tensor rows_, columns_, row_weight_, column_weight_, memory_;
};

}  // namespace lip::loss
