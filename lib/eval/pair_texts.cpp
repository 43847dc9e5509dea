#include "eval/pair_texts.h"

#include <ATen/ATen.h>

namespace lip::eval {

using at::Tensor;

PairTexts::PairTexts(const Collection& all) {
    const auto exact = [](const model::QueryFeatures& x) {
        return model::QueryFeatures{x.query.to(at::kDouble), x.target.to(at::kDouble)};
    };
    if (all.parts_of_text.empty()) {
        features_ = exact({all.queries, all.text_rows});
        return;
    }
    features_ = exact(all.parts);
    count_ = at::tensor(all.parts_of_text, at::TensorOptions(at::kLong));
    begin_ = count_.cumsum(0) - count_;
}

Tensor PairTexts::scores(const PairScores& score, const model::MixtureFeatures& images,
                         const Tensor& which) const {
    const auto of = [&](const Tensor& rows) {
        return rows.defined() ? model::QueryFeatures{features_.query.index_select(0, rows),
                                                     features_.target.index_select(0, rows)}
                              : features_;
    };
    if (!count_.defined()) return score(images, of(which));
    const Tensor texts = which.defined() ? which : at::arange(count_.size(0), at::kLong);
    const Tensor count = count_.index_select(0, texts);
    const Tensor text = at::repeat_interleave(count);  // of each part, among `texts`
    const Tensor first = count.cumsum(0) - count;
    const Tensor rows = begin_.index_select(0, texts).index_select(0, text) +
                        at::arange(text.size(0), at::kLong) - first.index_select(0, text);
    const Tensor s = score(images, of(which.defined() ? rows : Tensor()));
    return at::zeros({s.size(0), texts.size(0)}, s.options()).index_add(1, text, s) / count;
}

}  // namespace lip::eval
