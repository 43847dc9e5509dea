// The loss of data held out.
#pragma once

#include "eval/collection.h"
#include "eval/embedder.h"
#include "eval/pair_ranking.h"

#include <string>

namespace lip::eval {

// How a model was trained to score pairs.
struct Contrast {
    double scale = 1, bias = 0;
    bool is_sigmoid = false;          // every pair is a question; else softmax over the batch
    std::string positives = "slots";  // DreamlipConfig::positives
    PairScores pair_scores = {};      // of a text-conditioned model
};
Contrast contrast_of(const Embedder& embedder);  // which must outlive it

// The loss of all images with texts as one batch, slot k of an image being its k-th text. Losses of
// patches and regions are no part of it. It grows with the number of images, so it compares models
// on the same data. Memory beyond the collection is O(block), and texts in slots: images x the most
// texts of one. Requires a text.
double loss_of(const Collection& all, const Contrast& contrast);

}  // namespace lip::eval
