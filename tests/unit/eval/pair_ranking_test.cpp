#include "eval/pair_search.h"

#include "loss/llip.h"
#include "tensor/math.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace lip::eval {
namespace {

using at::Tensor;

constexpr std::int64_t kWidth = 6, kTokens = 3, kHeads = 2;

Tensor normal(at::IntArrayRef shape, std::uint64_t seed) {
    return at::randn(shape, at::detail::createCPUGenerator(seed), at::TensorOptions(at::kFloat));
}

const Tensor& output() {
    static const Tensor w = normal({kWidth, kWidth}, 9);
    return w;
}

Tensor scores(const model::MixtureFeatures& images, const model::QueryFeatures& texts) {
    return loss::llip_scores({texts.query, images.keys, images.values,
                              output().to(images.keys.scalar_type()), texts.target},
                             {.heads = kHeads, .tau = 1});
}

// `n` images in blocks of 4 with 0 to 2 texts each.
Collection asked_collection(std::int64_t n) {
    Collection all;
    const Tensor keys = normal({n, kTokens, kWidth}, 1), values = normal({n, kTokens, kWidth}, 2);
    for (std::int64_t i = 0; i < n; ++i) {
        all.keys.push_back(std::to_string(i));
        for (std::int64_t t = 0; t < (i + 1) % 3; ++t) all.texts.push_back({i, t, -1, {}, {}});
        if (i % 4 == 0) all.mixture.push_back({keys.slice(0, i, i + 4), values.slice(0, i, i + 4)});
    }
    all.image_rows = model::uniform_vector(values, output());
    all.queries = normal({std::ssize(all.texts), kWidth}, 3);
    all.text_rows = tensor::unit(normal({std::ssize(all.texts), kWidth}, 4));
    return all;
}

// All scores in fp64, in steps: [I, T].
Tensor every_score(const Collection& all) {
    std::vector<Tensor> keys, values;
    for (const auto& block : all.mixture) {
        keys.push_back(block.keys.to(at::kDouble));
        values.push_back(block.values.to(at::kDouble));
    }
    const model::MixtureFeatures images{at::cat(keys), at::cat(values)};
    if (all.parts_of_text.empty())
        return rounded_scores(
            scores(images, {all.queries.to(at::kDouble), all.text_rows.to(at::kDouble)}));
    const Tensor of_parts =
        scores(images, {all.parts.query.to(at::kDouble), all.parts.target.to(at::kDouble)});
    std::vector<Tensor> means;
    for (const Tensor& own : of_parts.split_with_sizes(all.parts_of_text, /*dim=*/1))
        means.push_back(own.mean(1));
    return rounded_scores(at::stack(means, 1));
}

// Texts of one to three sentences, each with a query of its own.
void add_parts(Collection& all) {
    std::int64_t count = 0;
    for (std::size_t t = 0; t < all.texts.size(); ++t) {
        all.parts_of_text.push_back(static_cast<std::int64_t>(t * 2 % 3) + 1);
        count += all.parts_of_text.back();
    }
    all.parts = {normal({count, kWidth}, 5), tensor::unit(normal({count, kWidth}, 6))};
}

Tensor uniform_score(const Collection& all) {
    return rounded_scores(exact_rows(all.image_rows).matmul(exact_rows(all.text_rows).t()));
}

struct ByHand {
    double rank, kept;
    std::vector<std::int64_t> top;
};

// One query, its scores and those of the first step, and which candidates are right.
ByHand by_hand(const std::vector<float>& s, const std::vector<float>& first,
               const std::vector<bool>& right, std::size_t shortlist, double share) {
    std::vector<std::int64_t> order(s.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
    const auto by = [](const std::vector<float>& x) {
        return [&x](std::int64_t a, std::int64_t b) {
            return x[static_cast<std::size_t>(a)] > x[static_cast<std::size_t>(b)];
        };
    };
    std::stable_sort(order.begin(), order.end(), by(first));
    std::vector<std::int64_t> list(
        order.begin(), order.begin() + static_cast<std::ptrdiff_t>(std::min(shortlist, s.size())));
    std::sort(list.begin(), list.end());
    std::stable_sort(list.begin(), list.end(), by(s));
    const auto rank_in = [&](const std::vector<std::int64_t>& among, const std::vector<float>& x) {
        float best = -std::numeric_limits<float>::infinity();
        for (const std::int64_t i : among)
            if (right[static_cast<std::size_t>(i)])
                best = std::max(best, x[static_cast<std::size_t>(i)]);
        if (std::isinf(best)) return std::numeric_limits<double>::infinity();
        double rank = 1;
        for (const std::int64_t i : among) {
            const auto at = static_cast<std::size_t>(i);
            if (!right[at]) rank += x[at] > best ? 1 : x[at] == best ? share : 0;
        }
        return rank;
    };
    ByHand out{rank_in(list, s), 0, list};
    if (std::isinf(out.rank))
        out.rank = std::max(rank_in(order, first), static_cast<double>(shortlist) + 1);
    out.kept = s[static_cast<std::size_t>(list.front())] == *std::max_element(s.begin(), s.end());
    return out;
}

std::vector<float> floats(const Tensor& row) {
    const Tensor x = row.contiguous();
    return {x.const_data_ptr<float>(), x.const_data_ptr<float>() + x.numel()};
}

void check_all(const Collection& all, std::size_t shortlist, Ties ties, double share) {
    const auto images = std::ssize(all.keys), texts = std::ssize(all.texts);
    const std::int64_t top = 4;
    const PairRankings found = rank_pairs(
        all, scores, {.ties = ties, .top = top, .shortlist = static_cast<std::int64_t>(shortlist)});
    const Tensor s = every_score(all), first = uniform_score(all);
    const auto check = [&](const PairRanking& ranking, std::size_t q, const Tensor& row,
                           const Tensor& first_row, const std::vector<bool>& right) {
        const std::size_t size = shortlist ? shortlist : right.size();
        const ByHand expected = by_hand(floats(row), floats(first_row), right, size, share);
        CHECK(ranking.found.ranks[q] == expected.rank);
        const auto shown = std::min<std::size_t>(4, expected.top.size());
        REQUIRE(ranking.found.top[q].size() == shown);
        for (std::size_t i = 0; i < shown; ++i)
            CHECK(ranking.found.top[q][i].candidate == expected.top[i]);
        if (!shortlist) return;
        CHECK(ranking.kept[q] == expected.kept);
        CHECK(ranking.all_pairs[q] ==
              by_hand(floats(row), floats(first_row), right, right.size(), share).rank);
    };
    std::size_t q = 0;
    for (std::int64_t i = 0; i < images; ++i) {
        std::vector<bool> right;
        for (const TextRow& text : all.texts) right.push_back(text.image == i);
        if (std::find(right.begin(), right.end(), true) == right.end()) continue;
        check(found.of_images, q++, s[i], first[i], right);
    }
    CHECK(found.of_images.found.ranks.size() == q);
    for (std::int64_t t = 0; t < texts; ++t) {
        std::vector<bool> right;
        for (std::int64_t i = 0; i < images; ++i)
            right.push_back(all.texts[static_cast<std::size_t>(t)].image == i);
        check(found.of_texts, static_cast<std::size_t>(t), s.select(1, t), first.select(1, t),
              right);
    }
    CHECK(found.of_texts.found.ranks.size() == static_cast<std::size_t>(texts));
}

}  // namespace

TEST_CASE("pairs: ranks both ways are those counted by hand, in two steps too") {
    const Collection all = asked_collection(14);
    for (const std::size_t shortlist : {0, 1, 3, 5, 100}) {
        CAPTURE(shortlist);
        check_all(all, shortlist, Ties::kPessimistic, 1);
    }
    // Texts of several sentences have the mean of their scores.
    Collection long_texts = asked_collection(14);
    add_parts(long_texts);
    for (const std::size_t shortlist : {0, 3, 100})
        check_all(long_texts, shortlist, Ties::kPessimistic, 1);
    // Equal images and texts: many scores are the same.
    Collection coarse = asked_collection(14);
    for (auto& block : coarse.mixture) {
        block.keys.copy_(coarse.mixture[0].keys.slice(0, 0, block.keys.size(0)));
        block.values.copy_(coarse.mixture[0].values.slice(0, 0, block.keys.size(0)));
    }
    const auto blocks = static_cast<std::int64_t>(coarse.mixture.size());
    coarse.image_rows =
        coarse.image_rows.slice(0, 0, 4).repeat({blocks, 1}).slice(0, 0, 14).contiguous();
    coarse.queries.copy_(coarse.queries[0].expand_as(coarse.queries).clone());
    coarse.text_rows.copy_(coarse.text_rows[0].expand_as(coarse.text_rows).clone());
    for (const std::size_t shortlist : {0, 3, 6}) {
        check_all(coarse, shortlist, Ties::kPessimistic, 1);
        check_all(coarse, shortlist, Ties::kOptimistic, 0);
        check_all(coarse, shortlist, Ties::kMean, 0.5);
    }
}

TEST_CASE("pairs: a collapsed model gets nothing, a shortlist loses what it leaves out") {
    Collection all = asked_collection(12);
    for (auto& block : all.mixture) {
        block.keys.copy_(block.keys[0].expand_as(block.keys).clone());
        block.values.copy_(all.mixture[0].values[0].expand_as(block.values).clone());
    }
    all.image_rows.copy_(all.image_rows[0].expand_as(all.image_rows).clone());
    for (auto& block : all.mixture) block.keys.copy_(all.mixture[0].keys);
    const PairRankings found = rank_pairs(all, scores, {});
    CHECK(recall_at(found.of_texts.found.ranks, 11) == 0);
    CHECK(found.of_texts.all_pairs.empty());

    const Collection other = asked_collection(14);
    const PairRankings one = rank_pairs(other, scores, {.shortlist = 1});
    double kept = 0;
    for (const double k : one.of_texts.kept) kept += k;
    CHECK(kept < static_cast<double>(one.of_texts.kept.size()));
    CHECK(kept > 0);
}

TEST_CASE("pairs: searches find the best of all, or of the shortlist") {
    Collection all = asked_collection(14);
    const Tensor s = every_score(all), first = uniform_score(all);
    const std::vector<bool> nothing(all.keys.size()), no_text(all.texts.size());
    const model::QueryFeatures texts{all.queries, all.text_rows};
    const EmbeddedImages images{all.image_rows.slice(0, 0, 4), all.mixture[0]};
    for (const std::size_t shortlist : {0, 2, 5, 100}) {
        CAPTURE(shortlist);
        const PairSettings settings{.top = 3, .shortlist = static_cast<std::int64_t>(shortlist)};
        const auto check = [&](const std::vector<Hit>& hits, const Tensor& row,
                               const Tensor& first_row, const std::vector<bool>& right) {
            const ByHand expected = by_hand(floats(row), floats(first_row), right,
                                            shortlist ? shortlist : right.size(), 1);
            REQUIRE(hits.size() == std::min<std::size_t>(3, expected.top.size()));
            for (std::size_t i = 0; i < hits.size(); ++i) {
                CHECK(hits[i].candidate == expected.top[i]);
                CHECK(hits[i].score == row[expected.top[i]].item<float>());
            }
        };
        const auto found = best_images(texts, all, scores, settings);
        for (std::size_t t = 0; t < found.size(); ++t)
            check(found[t], s.select(1, static_cast<std::int64_t>(t)),
                  first.select(1, static_cast<std::int64_t>(t)), nothing);
        const auto found_texts = best_texts(images, all, scores, settings);
        REQUIRE(found_texts.size() == 4);
        for (std::size_t i = 0; i < 4; ++i)
            check(found_texts[i], s[static_cast<std::int64_t>(i)],
                  first[static_cast<std::int64_t>(i)], no_text);
    }
    CHECK(best_images(texts, {}, scores, {.top = 3}).front().empty());
    add_parts(all);
    const Tensor of_parts = every_score(all);
    const auto found = best_texts(images, all, scores, {.top = 1});
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(found[i].front().score == of_parts[static_cast<std::int64_t>(i)].max().item<float>());
}

}  // namespace lip::eval
