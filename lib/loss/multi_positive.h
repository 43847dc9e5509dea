// Multi-positive contrastive losses of DreamLIP: an image has several texts, which are never
// negatives of each other.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace lip::loss {

// What an image is compared with, and what counts as its match.
enum class Positives {
    kSlots,  // text k against the k-th texts of the other images, each slot for itself (the paper)
    kAll,    // against all texts of the batch; the own texts share the target evenly
    kLse,    // against all texts of the batch; the own texts are summed in the numerator
};

struct MultiPositive {
    Positives positives = Positives::kSlots;
    // Side of the blocks of logits that are held at a time. Changes the result by rounding only.
    std::int64_t chunk = 1024;
    // [N, K] int64, equal where texts are equal. Then a text that an image has itself is not its
    // negative when it belongs to another image: i2t leaves out the columns n != i whose text
    // equals text (i,k) (kSlots) or any valid text of image i (kAll, kLse); t2i leaves out the
    // images n that have text (i,k). Undefined: off.
    at::Tensor text_ids = {};
    // Only the terms of the images [own_begin, own_end), still divided by the counts of the whole
    // batch, so that the parts of several processes add up to the loss. -1: to the last.
    std::int64_t own_begin = 0, own_end = -1;
};

// DreamLIP's multi-positive loss (its equation is that of kSlots; doc/dreamlip.md has all):
//   A[i,(n,k)] = s <v_i, t_nk>,  s = exp(log_scale)
//   t2i(i,k)   = lse_n A[n,(i,k)] - A[i,(i,k)]
//   kSlots:  i2t(i,k) = lse_{n: m_nk=1} A[i,(n,k)] - A[i,(i,k)]
//            L = 1/(2M) sum over valid (i,k) of [i2t + t2i],  M = number of valid slots
//   kAll:    i2t(i) = lse_{(n,k): m_nk=1} A[i,(n,k)] - mean over valid k of A[i,(i,k)]
//   kLse:    i2t(i) = lse_{(n,k): m_nk=1} A[i,(n,k)] - lse over valid k of A[i,(i,k)]
//            L = 1/2 [mean of i2t over images with a valid text + mean of t2i over valid slots]
// With one slot all three are CLIP's symmetric loss.
//
// v [N, D] and t [N, K, D], float or double, are unit vectors (others are right, but slower beyond
// a logit of about 75); valid [N, K] is bool (undefined: all valid), log_scale is the scalar ln s.
// Returns a scalar. Throws c10::Error if shapes do not fit or no slot is valid. A slot that is not
// valid has exactly no influence and a gradient of 0.
//
// Memory beyond the inputs and their gradients: two blocks of chunk x chunk and a few N x K. The
// logits are computed in the forward pass and again in the backward pass. Differentiable in v, t
// and log_scale, once. Waits for the device once or twice.
at::Tensor multi_positive(const at::Tensor& v, const at::Tensor& t, const at::Tensor& valid,
                          const at::Tensor& log_scale, const MultiPositive& options = {});

// The same with kSlots.
at::Tensor multi_positive_slots(const at::Tensor& v, const at::Tensor& t, const at::Tensor& valid,
                                const at::Tensor& log_scale, std::int64_t chunk = 1024);

}  // namespace lip::loss
