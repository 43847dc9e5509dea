// Searches where an image has another vector for every text (Llip, FLAIR).
#pragma once

#include "eval/pair_ranking.h"

#include <vector>

namespace lip::eval {

// The best of the images for each text, or of the texts for each image: nothing is right or wrong.
// With a shortlist only its pairs are scored.
std::vector<std::vector<Hit>> best_images(const model::QueryFeatures& texts, const Collection& all,
                                          const PairScores& scores, const PairSettings& settings);
std::vector<std::vector<Hit>> best_texts(const EmbeddedImages& images, const Collection& all,
                                         const PairScores& scores, const PairSettings& settings);

}  // namespace lip::eval
