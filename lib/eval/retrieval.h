// Which image is found for a text, and which text for an image: ranks, recall@k, best lists.
// Protocol: cosine, no prompt, no second ranking; a text hits with its image, an image with any of
// its texts. Functions are pure; any thread.
#pragma once

#include "eval/ties.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace lip::eval {

struct RankSettings {
    Ties ties = Ties::kPessimistic;
    std::int64_t chunk = 0;  // queries at once; 0: as many as keep the scores within 32 MiB
    std::int64_t top = 0;    // best candidates kept of each query
};

// One side of a search. `owners` names for every row the thing it belongs to: a query and a
// candidate with the same owner match. Rows [n, D], float, any length; they are made unit vectors.
struct Vectors {
    at::Tensor rows;
    std::vector<std::int64_t> owners;  // n
};

struct Hit {
    std::int64_t candidate = 0;  // row
    float score = 0;             // cosine
};

struct Ranking {
    // Of each query: 1 + candidates better than its best match + all, none or half of the wrong
    // ones with an equal score (halves: x.5). Infinite if nothing matches.
    std::vector<double> ranks;
    // Best first, equal ones in the order of the candidates; at most settings.top.
    std::vector<std::vector<Hit>> top;
};

// Ranks all candidates for every query. Scores are summed in fp64 and rounded to steps of 2^-24, so
// that equal vectors have equal scores wherever they stand and whatever the chunk is; memory is
// O(chunk · candidates), the whole matrix never exists.
// Requires rows of one width, and an owner a row.
Ranking rank(const Vectors& queries, const Vectors& candidates, const RankSettings& settings);

// The parts of rank(), for other scores (eval/pair_ranking.h).

// As many rows of fp64 scores of so many candidates as are held at once; at least 1.
std::int64_t fitting_rows(std::int64_t candidates);
// Unit vectors in fp64, on the CPU: their products are exact to far below a step of the scores.
at::Tensor exact_rows(const at::Tensor& rows);
// Scores in steps of 2^-24 as fp32. Uses up `exact`, which is fp64.
at::Tensor rounded_scores(at::Tensor exact);
// s [c, N], match [c, N]: which candidates are right. Ranks [c] in fp64.
at::Tensor ranks_of(const at::Tensor& s, const at::Tensor& match, Ties ties);
const char* name_of(Ties ties);  // pessimistic, optimistic, mean
// What an equal wrong candidate counts.
double share_of_equal(Ties ties);
// The best `count` of a row of `candidates` scores, in order.
std::vector<Hit> best_of(const float* scores, std::int64_t candidates, std::int64_t count);

// The share of ranks up to k; nan of nothing.
double recall_at(std::span<const double> ranks, std::int64_t k);
// The middle rank, or the mean of the two middle ones; nan of nothing.
double median_rank(std::span<const double> ranks);

}  // namespace lip::eval
