#include "eval/mixing_figures.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace lip::eval {

using at::Tensor;

void MixingFigures::add(const model::MixedImages& mixed) {
    const Tensor phi = mixed.weights.to(at::kDouble), z = mixed.vectors.to(at::kDouble);
    const std::int64_t images = z.size(0), texts = z.size(1);
    const Tensor entropy = at::special_entr(phi).sum(-1).mean(at::IntArrayRef{1, 2});
    entropies_ += entropy.sum().item<double>();
    // The sum of cos over all pairs is |sum of z|^2; a vector with itself has 1.
    const Tensor cosines = z.sum(1).square().sum(-1) - z.square().sum(at::IntArrayRef{1, 2});
    const auto pairs = static_cast<double>(texts * (texts - 1));
    distances_ += (1 - cosines / pairs).sum().item<double>();
    const Tensor rows = z.flatten(0, 1);
    const Tensor products = rows.t().matmul(rows);
    products_ = products_.defined() ? products_ + products : products;
    images_ += images;
    vectors_ += images * texts;
    tokens_ = phi.size(-1);
    texts_ = texts;
}

double MixingFigures::entropy() const {
    if (tokens_ < 2) return std::numeric_limits<double>::quiet_NaN();
    return entropies_ / static_cast<double>(images_) / std::log(static_cast<double>(tokens_));
}

double MixingFigures::distance() const {
    if (texts_ < 2) return std::numeric_limits<double>::quiet_NaN();
    return distances_ / static_cast<double>(images_);
}

std::vector<double> MixingFigures::singular_values() const {
    if (vectors_ == 0) return {};
    const Tensor squares = at::linalg_eigvalsh(products_ / vectors_).clamp_min(0).flip(0);
    const Tensor values = squares.sqrt().cpu().contiguous();
    return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
}

double MixingFigures::effective_rank() const {
    double sum = 0, entropy = 0;
    const std::vector<double> values = singular_values();
    for (const double value : values) sum += value;
    for (const double value : values)
        if (value > 0) entropy -= value / sum * std::log(value / sum);
    return values.empty() ? std::numeric_limits<double>::quiet_NaN() : std::exp(entropy);
}

}  // namespace lip::eval
