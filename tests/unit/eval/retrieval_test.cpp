#include "eval/retrieval.h"

#include "record/keyed_rng.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace lip::eval {
namespace {

// Small whole numbers: many scores are exactly equal, and no sum is rounded.
at::Tensor coarse_rows(std::int64_t n, std::int64_t width, std::uint64_t seed) {
    record::KeyedRng rng(seed, 0, record::Stream::kShuffling, "retrieval");
    at::Tensor rows = at::empty({n, width}, at::TensorOptions(at::kFloat));
    for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t d = 0; d < width; ++d)
            rows[i][d] = rng.below(2) == 0 ? -1.0F : 1.0F;  // all rows of one length
    return rows;
}

std::vector<double> by_hand(const Vectors& queries, const Vectors& candidates, double share) {
    const at::Tensor s = queries.rows.matmul(candidates.rows.t());
    std::vector<double> ranks;
    for (std::size_t q = 0; q < queries.owners.size(); ++q) {
        const auto score = [&](std::size_t c) {
            return s[static_cast<std::int64_t>(q)][static_cast<std::int64_t>(c)].item<float>();
        };
        float best = -std::numeric_limits<float>::infinity();
        for (std::size_t c = 0; c < candidates.owners.size(); ++c)
            if (candidates.owners[c] == queries.owners[q]) best = std::max(best, score(c));
        double rank = 1;
        for (std::size_t c = 0; c < candidates.owners.size(); ++c) {
            if (candidates.owners[c] == queries.owners[q]) continue;
            rank += score(c) > best ? 1 : score(c) == best ? share : 0;
        }
        ranks.push_back(rank);
    }
    return ranks;
}

struct Pair {
    Vectors images, texts;
};

// `n` images with 1, 2 or 3 texts each.
Pair example(std::int64_t n) {
    Pair pair;
    for (std::int64_t i = 0; i < n; ++i) {
        pair.images.owners.push_back(i);
        pair.texts.owners.insert(pair.texts.owners.end(), static_cast<std::size_t>(1 + i % 3), i);
    }
    pair.images.rows = coarse_rows(n, 6, 1);
    pair.texts.rows = coarse_rows(static_cast<std::int64_t>(pair.texts.owners.size()), 6, 2);
    return pair;
}

}  // namespace

TEST_CASE("ranks are those counted by hand, with ties, both ways, in any chunks") {
    const Pair pair = example(23);
    const struct {
        Ties ties;
        double share;
    } rules[] = {{Ties::kPessimistic, 1}, {Ties::kOptimistic, 0}, {Ties::kMean, 0.5}};
    for (const auto& rule : rules) {
        const auto to_text = by_hand(pair.images, pair.texts, rule.share);
        const auto to_image = by_hand(pair.texts, pair.images, rule.share);
        for (const std::int64_t chunk : {std::int64_t{0}, std::int64_t{1}, std::int64_t{7}}) {
            const RankSettings settings{.ties = rule.ties, .chunk = chunk};
            CHECK(rank(pair.images, pair.texts, settings).ranks == to_text);
            CHECK(rank(pair.texts, pair.images, settings).ranks == to_image);
        }
    }
    CHECK(by_hand(pair.images, pair.texts, 1) != by_hand(pair.images, pair.texts, 0));
}

TEST_CASE("a collapsed model gets nothing") {
    Pair pair = example(40);
    at::manual_seed(3);
    const at::Tensor one = at::randn({1, 37});
    pair.images.rows = one.expand({40, -1}).clone();
    pair.texts.rows = one.expand({static_cast<std::int64_t>(pair.texts.owners.size()), -1}) * 3;
    for (const std::int64_t chunk : {std::int64_t{0}, std::int64_t{1}, std::int64_t{7}}) {
        const Ranking worst = rank(pair.texts, pair.images, {.chunk = chunk});
        CHECK(recall_at(worst.ranks, 10) == 0);
        CHECK(worst.ranks.front() == 40);
        const Ranking best =
            rank(pair.texts, pair.images, {.ties = Ties::kOptimistic, .chunk = chunk});
        CHECK(recall_at(best.ranks, 1) == 1);
        const Ranking middle = rank(pair.texts, pair.images, {.ties = Ties::kMean, .chunk = chunk});
        CHECK(middle.ranks.front() == 20.5);
    }
}

TEST_CASE("real vectors give the same in any chunks") {
    Pair pair = example(64);
    at::manual_seed(4);
    pair.images.rows = at::randn({64, 129});
    pair.texts.rows = at::randn({static_cast<std::int64_t>(pair.texts.owners.size()), 129});
    const Ranking all = rank(pair.images, pair.texts, {.chunk = 64, .top = 5});
    for (const std::int64_t chunk : {std::int64_t{0}, std::int64_t{1}, std::int64_t{7}}) {
        const Ranking part = rank(pair.images, pair.texts, {.chunk = chunk, .top = 5});
        CHECK(part.ranks == all.ranks);
        for (std::size_t q = 0; q < 64; ++q)
            for (std::size_t i = 0; i < 5; ++i) {
                CHECK(part.top[q][i].candidate == all.top[q][i].candidate);
                CHECK(part.top[q][i].score == all.top[q][i].score);
            }
    }
}

TEST_CASE("the best list: order, ties by place, at most all") {
    Vectors queries{at::tensor({1.0F, 0.0F}).view({1, 2}), {0}};
    Vectors candidates{at::tensor({0.0F, 2.0F, 5.0F, 0.0F, 1.0F, 0.0F}).view({3, 2}), {0, 1, 2}};
    const Ranking ranking = rank(queries, candidates, {.top = 9});
    REQUIRE(ranking.top.size() == 1);
    REQUIRE(ranking.top[0].size() == 3);
    CHECK(ranking.top[0][0].candidate == 1);
    CHECK(ranking.top[0][0].score == 1.0F);
    CHECK(ranking.top[0][1].candidate == 2);
    CHECK(ranking.top[0][2].candidate == 0);
    CHECK(ranking.ranks[0] == 3);
}

TEST_CASE("nothing to find") {
    const Vectors queries{at::ones({2, 3}), {0, 1}};
    const Ranking ranking = rank(queries, {at::ones({2, 3}), {5, 0}}, {});
    CHECK(ranking.ranks[0] == 2);
    CHECK(std::isinf(ranking.ranks[1]));
    CHECK(std::isinf(rank(queries, {at::empty({0, 3}), {}}, {.top = 2}).ranks[1]));
    CHECK(rank({at::empty({0, 3}), {}}, queries, {.top = 2}).ranks.empty());
}

TEST_CASE("recall and median") {
    const std::vector<double> ranks = {1, 11, 2.5, 5};
    CHECK(recall_at(ranks, 1) == 0.25);
    CHECK(recall_at(ranks, 2) == 0.25);
    CHECK(recall_at(ranks, 5) == 0.75);
    CHECK(median_rank(ranks) == 3.75);
    CHECK(median_rank(std::vector<double>{7, 1, 3}) == 3);
    CHECK(std::isnan(recall_at({}, 1)));
    CHECK(std::isnan(median_rank({})));
}

}  // namespace lip::eval
