// Ranks where an image has another vector for every text (Llip, FLAIR): scores are no products of
// rows, so all pairs are scored. Protocol and ties are those of eval/retrieval.h.
#pragma once

#include "eval/collection.h"
#include "eval/pair_texts.h"

#include <functional>
#include <vector>

namespace lip::eval {

// Embedder::pair_scores of an embedder that outlives it.
PairScores pair_scores_of(const Embedder& embedder);

// Calls body(first image, mixture) for all images of the collection in order, as many at once as
// keep their scores with so many texts small; in fp64.
void for_each_block(
    const Collection& all, std::int64_t texts,
    const std::function<void(std::int64_t first, const model::MixtureFeatures& images)>& body);
// Of the columns of s [B, T], fp32: their best go to `best`, a list of at most `top` each. Rows are
// the candidates from `first` on; a score of -infinity is none.
void merge_columns(std::vector<std::vector<Hit>>& best, const at::Tensor& s, std::int64_t first,
                   std::int64_t top);

struct PairSettings {
    Ties ties = Ties::kPessimistic;
    std::int64_t top = 0;  // as RankSettings::top
    // Candidates that are scored: the best of the cosines of the vectors that depend on no text. 0:
    // all.
    std::int64_t shortlist = 0;
};

struct PairRanking {
    Ranking found;  // of the search; with a shortlist only its candidates are in `top`
    // With a shortlist also, of each query: the rank among all pairs, and whether the best
    // candidate of all pairs is in the shortlist (1 or 0).
    std::vector<double> all_pairs, kept;
};

struct PairRankings {
    PairRanking of_images, of_texts;  // of images_with_texts(), of all texts
};

// Both directions from one pass over all pairs, in fp64 and blocks of images. Where the right
// candidate is not in the shortlist, its rank is that of the cosines above, at least shortlist + 1.
// Memory beyond the collection is O(block + texts · (1 + top)).
// Requires images, texts, and what they are mixed from.
PairRankings rank_pairs(const Collection& all, const PairScores& scores,
                        const PairSettings& settings);

}  // namespace lip::eval
