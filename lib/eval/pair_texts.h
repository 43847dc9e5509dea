// The texts of a collection as what images are scored with, where an image has another vector for
// every text.
#pragma once

#include "eval/collection.h"

#include <ATen/core/Tensor.h>

#include <functional>

namespace lip::eval {

// The cosines [B, T] of images and texts, in the precision of the images (Embedder::pair_scores).
using PairScores =
    std::function<at::Tensor(const model::MixtureFeatures&, const model::QueryFeatures&)>;

// In fp64. A text with parts has the mean of the scores of its parts.
class PairTexts {
public:
    explicit PairTexts(const Collection& all);

    // Of images with all texts [B, T], or with those of the numbers `which` (int64) [B, n].
    at::Tensor scores(const PairScores& score, const model::MixtureFeatures& images,
                      const at::Tensor& which = {}) const;
    // How many texts and parts are scored at once by all of them.
    std::int64_t rows() const { return features_.query.size(0); }

private:
    model::QueryFeatures features_;  // of all texts, or of their parts
    at::Tensor begin_, count_;       // int64 [T]: where the parts of a text are; undefined: none
};

}  // namespace lip::eval
