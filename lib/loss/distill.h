// Contrastive distillation: a student matches images and texts as a teacher does (open_clip's form;
// Yang et al. 2023, CLIP-KD, equation 2).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace lip::loss {

// Unit vectors of images [B, D] and texts [B, K, D], and the logarithm of what their cosines are
// multiplied by.
struct Matches {
    at::Tensor v, t, log_scale;
};

// The cross-entropy of the student's softmax with the teacher's: over the valid texts for each
// image, and over the images for each valid text; the mean of the two means. With K = 1 open_clip's
//     (-(softmax(T) log_softmax(S)).sum(1).mean(0) - (softmax(Tᵀ) log_softmax(Sᵀ)).sum(1).mean(0))
//     / 2.
// The shares of the images [begin, end) and of their texts come one after the other, each with its
// graph, a scalar: all of them add up to the loss. Memory: some `most` pairs at a time. valid is
// [B, K] bool.
void distill(const Matches& student, const Matches& teacher, const at::Tensor& valid,
             std::int64_t begin, std::int64_t end,
             const std::function<void(const at::Tensor&)>& take, std::int64_t most = 1 << 22);

}  // namespace lip::loss
