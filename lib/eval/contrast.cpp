#include "eval/contrast.h"

#include "loss/multi_positive.h"
#include "loss/sigmoid.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace lip::eval {
namespace {

using at::Tensor;

// Images with texts, and their texts in slots.
struct Slots {
    Tensor v, t, valid;  // [N, D], [N, K, D], [N, K]
};

Slots slots_of(const Collection& all) {
    const Vectors images = all.images_with_texts();
    const auto count = std::ssize(images.owners);
    std::vector<std::int64_t> place, taken(static_cast<std::size_t>(count), 0);
    std::int64_t most = 0;
    std::vector<std::pair<std::int64_t, std::int64_t>> slot_of_text;
    for (const TextRow& text : all.texts) {
        const auto n = std::ranges::lower_bound(images.owners, text.image) - images.owners.begin();
        const std::int64_t k = taken[static_cast<std::size_t>(n)]++;
        slot_of_text.emplace_back(n, k);
        most = std::max(most, k + 1);
    }
    for (const auto& [n, k] : slot_of_text) place.push_back(n * most + k);
    const Tensor rows = at::tensor(place, at::TensorOptions(at::kLong));
    const Tensor t = at::zeros({count * most, all.text_rows.size(1)}, all.text_rows.options());
    const Tensor valid = at::zeros({count * most}, at::TensorOptions(at::kBool));
    return {images.rows, t.index_copy(0, rows, all.text_rows).view({count, most, -1}),
            valid.index_fill(0, rows, true).view({count, most})};
}

// Every pair of image and text is a question: 1/T sum softplus(-z (s cosine + b)).
double loss_of_pairs(const Collection& all, const Contrast& c) {
    std::vector<std::int64_t> owners;
    for (const TextRow& text : all.texts) owners.push_back(text.image);
    const Tensor owner = at::tensor(owners, at::TensorOptions(at::kLong));
    const auto texts = std::ssize(owners);
    const Vectors with_texts = all.images_with_texts();
    const model::QueryFeatures queries{.query = all.queries, .target = all.text_rows};
    double sum = 0;
    for_each_block(all, texts, [&](std::int64_t first, const model::MixtureFeatures& images) {
        const Tensor logits = c.pair_scores(images, queries).to(at::kDouble) * c.scale + c.bias;
        for (std::int64_t i = 0; i < logits.size(0); ++i) {
            if (!std::ranges::binary_search(with_texts.owners, first + i)) continue;
            const Tensor z = at::where(owner == first + i, 1.0, -1.0).to(at::kDouble);
            sum += at::softplus(-z * logits[i]).sum().item<double>();
        }
    });
    return sum / static_cast<double>(texts);
}

}  // namespace

Contrast contrast_of(const Embedder& embedder) {
    return {
        .scale = embedder.scale(),
        .bias = embedder.bias(),
        .is_sigmoid = embedder.is_sigmoid(),
        .positives = embedder.config().dreamlip.positives,
        .pair_scores = embedder.is_text_conditioned() ? pair_scores_of(embedder) : PairScores()};
}

double loss_of(const Collection& all, const Contrast& c) {
    const at::NoGradGuard no_grad;
    if (c.pair_scores) return loss_of_pairs(all, c);
    const Slots s = slots_of(all);
    const Tensor log_scale = at::scalar_tensor(c.scale).log();
    if (c.is_sigmoid)
        return loss::multi_positive_sigmoid(s.v, s.t, s.valid, log_scale, at::scalar_tensor(c.bias))
            .item<double>();
    return loss::multi_positive(s.v, s.t, s.valid, log_scale,
                                {.positives = c.positives == "all"   ? loss::Positives::kAll
                                              : c.positives == "lse" ? loss::Positives::kLse
                                                                     : loss::Positives::kSlots})
        .item<double>();
}

}  // namespace lip::eval
