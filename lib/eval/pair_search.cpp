#include "eval/pair_search.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace lip::eval {
namespace {

using at::Tensor;

// The best of rows for every query, by the cosine.
std::vector<std::vector<Hit>> shortlists(const Tensor& queries, const Tensor& candidates,
                                         std::int64_t size) {
    const auto owners = [](const Tensor& rows) {
        return std::vector<std::int64_t>(static_cast<std::size_t>(rows.size(0)), 0);
    };
    return rank({queries, owners(queries)}, {candidates, owners(candidates)}, {.top = size}).top;
}

Tensor candidates_of(const std::vector<Hit>& hits) {
    std::vector<std::int64_t> which;
    for (const Hit& hit : hits) which.push_back(hit.candidate);
    std::sort(which.begin(), which.end());  // equal scores stay in the order of the candidates
    return at::tensor(which, at::kLong);
}

// The best of scores [n] of the candidates `which`.
std::vector<Hit> best_among(const Tensor& scores, const Tensor& which, std::int64_t top) {
    const Tensor s = rounded_scores(scores.contiguous());
    std::vector<Hit> hits = best_of(s.const_data_ptr<float>(), s.numel(), top);
    for (Hit& hit : hits) hit.candidate = which.const_data_ptr<std::int64_t>()[hit.candidate];
    return hits;
}

// Images of a collection by their places, which ascend; fp64.
model::MixtureFeatures select(const std::vector<model::MixtureFeatures>& blocks,
                              const Tensor& which) {
    std::vector<Tensor> keys, values;
    std::int64_t first = 0;
    for (const model::MixtureFeatures& block : blocks) {
        const std::int64_t end = first + block.keys.size(0);
        const Tensor own =
            which.masked_select((which >= first).logical_and(which < end)).sub_(first);
        keys.push_back(block.keys.index_select(0, own).to(at::kDouble));
        values.push_back(block.values.index_select(0, own).to(at::kDouble));
        first = end;
    }
    return {at::cat(keys), at::cat(values)};
}

}  // namespace

std::vector<std::vector<Hit>> best_images(const model::QueryFeatures& texts, const Collection& all,
                                          const PairScores& scores, const PairSettings& settings) {
    const at::NoGradGuard no_grad;
    const model::QueryFeatures exact{texts.query.to(at::kDouble), texts.target.to(at::kDouble)};
    std::vector<std::vector<Hit>> best(static_cast<std::size_t>(texts.query.size(0)));
    if (all.keys.empty()) return best;
    if (settings.shortlist == 0) {
        for_each_block(all, texts.query.size(0), [&](std::int64_t first, const auto& images) {
            merge_columns(best, rounded_scores(scores(images, exact)), first, settings.top);
        });
        return best;
    }
    const auto lists = shortlists(texts.target, all.image_rows, settings.shortlist);
    for (std::size_t t = 0; t < best.size(); ++t) {
        const Tensor which = candidates_of(lists[t]);
        const auto row = static_cast<std::int64_t>(t);
        const model::QueryFeatures own{exact.query.narrow(0, row, 1),
                                       exact.target.narrow(0, row, 1)};
        best[t] =
            best_among(scores(select(all.mixture, which), own).squeeze(1), which, settings.top);
    }
    return best;
}

std::vector<std::vector<Hit>> best_texts(const EmbeddedImages& images, const Collection& all,
                                         const PairScores& scores, const PairSettings& settings) {
    const at::NoGradGuard no_grad;
    const PairTexts texts(all);
    std::vector<std::vector<Hit>> lists;
    if (settings.shortlist > 0 && !all.texts.empty())
        lists = shortlists(images.vectors, all.text_rows, settings.shortlist);
    std::vector<std::vector<Hit>> best;
    for (std::int64_t i = 0; i < images.vectors.size(0); ++i) {
        const model::MixtureFeatures own{images.mixture.keys.narrow(0, i, 1).to(at::kDouble),
                                         images.mixture.values.narrow(0, i, 1).to(at::kDouble)};
        const Tensor which = lists.empty() ? at::arange(std::ssize(all.texts), at::kLong)
                                           : candidates_of(lists[static_cast<std::size_t>(i)]);
        best.push_back(
            best_among(texts.scores(scores, own, which).squeeze(0), which, settings.top));
    }
    return best;
}

}  // namespace lip::eval
