#include "eval/retrieval.h"

#include "tensor/math.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace lip::eval {
namespace {

using at::Tensor;

constexpr std::int64_t kScoreBytes = 32 << 20;
constexpr double kScoreStep = 1.0 / (1 << 24);  // half a step of fp32 below 1

}  // namespace

std::vector<Hit> best_of(const float* scores, std::int64_t candidates, std::int64_t count) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(candidates));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    const auto end = order.begin() + std::min(count, candidates);
    std::partial_sort(order.begin(), end, order.end(), [&](std::int64_t a, std::int64_t b) {
        return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
    });
    std::vector<Hit> hits;
    for (auto i = order.begin(); i != end; ++i) hits.push_back({*i, scores[*i]});
    return hits;
}

const char* name_of(Ties ties) {
    switch (ties) {
        case Ties::kOptimistic:
            return "optimistic";
        case Ties::kMean:
            return "mean";
        case Ties::kPessimistic:
            break;
    }
    return "pessimistic";
}

double share_of_equal(Ties ties) {
    switch (ties) {
        case Ties::kOptimistic:
            return 0;
        case Ties::kMean:
            return 0.5;
        case Ties::kPessimistic:
            break;
    }
    return 1;
}

//   rank = 1 + #{wrong: s > s*} + share · #{wrong: s = s*},  s* = max over right of s
Tensor ranks_of(const Tensor& s, const Tensor& match, Ties ties) {
    constexpr double kNone = -std::numeric_limits<double>::infinity();
    const Tensor wrong = match.logical_not();                                           // [c, N]
    const Tensor best = s.masked_fill(wrong, kNone).amax(/*dim=*/1, /*keepdim=*/true);  // [c, 1]
    const Tensor better = (s > best).logical_and(wrong).sum(1);                         // [c]
    const Tensor equal = (s == best).logical_and(wrong).sum(1);                         // [c]
    const Tensor rank = 1 + better + share_of_equal(ties) * equal.to(at::kDouble);
    return rank.masked_fill(best.squeeze(1) == kNone, -kNone);
}

std::int64_t fitting_rows(std::int64_t candidates) {
    return std::max<std::int64_t>(kScoreBytes / 8 / std::max<std::int64_t>(candidates, 1), 1);
}

Tensor exact_rows(const Tensor& rows) {
    return tensor::unit(rows.to(at::kCPU, at::kDouble));
}

Tensor rounded_scores(Tensor exact) {
    return exact.div_(kScoreStep).round_().mul_(kScoreStep).to(at::kFloat);
}

Ranking rank(const Vectors& queries, const Vectors& candidates, const RankSettings& settings) {
    const at::NoGradGuard no_grad;
    Ranking out;
    const std::int64_t q = queries.rows.size(0), n = candidates.rows.size(0);
    if (n == 0) {
        out.ranks.assign(static_cast<std::size_t>(q), std::numeric_limits<double>::infinity());
        out.top.resize(settings.top > 0 ? static_cast<std::size_t>(q) : 0);
        return out;
    }
    const std::int64_t chunk = settings.chunk > 0 ? settings.chunk : fitting_rows(n);
    const Tensor right = exact_rows(candidates.rows).t();                          // [D, N]
    const Tensor asked = at::tensor(queries.owners, at::kLong).unsqueeze(1);       // [Q, 1]
    const Tensor offered = at::tensor(candidates.owners, at::kLong).unsqueeze(0);  // [1, N]
    for (std::int64_t begin = 0; begin < q; begin += chunk) {
        const std::int64_t end = std::min(begin + chunk, q);
        const Tensor s =
            rounded_scores(exact_rows(queries.rows.slice(0, begin, end)).matmul(right));  // [c, N]
        const Tensor ranks = ranks_of(s, asked.slice(0, begin, end) == offered, settings.ties);
        const double* values = ranks.const_data_ptr<double>();
        out.ranks.insert(out.ranks.end(), values, values + (end - begin));
        for (std::int64_t i = 0; settings.top > 0 && i < end - begin; ++i)
            out.top.push_back(best_of(s.const_data_ptr<float>() + i * n, n, settings.top));
    }
    return out;
}

double recall_at(std::span<const double> ranks, std::int64_t k) {
    const auto hits = std::count_if(ranks.begin(), ranks.end(),
                                    [&](double rank) { return rank <= static_cast<double>(k); });
    return ranks.empty() ? std::numeric_limits<double>::quiet_NaN()
                         : static_cast<double>(hits) / static_cast<double>(ranks.size());
}

double median_rank(std::span<const double> ranks) {
    if (ranks.empty()) return std::numeric_limits<double>::quiet_NaN();
    std::vector<double> sorted(ranks.begin(), ranks.end());
    std::sort(sorted.begin(), sorted.end());
    const std::size_t middle = sorted.size() / 2;
    if (sorted.size() % 2 == 1) return sorted[middle];
    return (sorted[middle - 1] + sorted[middle]) / 2;
}

}  // namespace lip::eval
