#include "detect/owlv2.h"

#include "tensor/device.h"
#include "tensor/math.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace lip::detect {

using at::Tensor;
using model::Init;
using model::Linear;

namespace {

constexpr double kSmall = 1e-6;  // added to norms
constexpr double kEdge = 1e-4;   // keeps the bias of boxes finite at the border

Linear linear(model::Parameters& p, const std::string& name, std::int64_t in, std::int64_t out) {
    const Init init = Init::uniform(1 / std::sqrt(static_cast<double>(in)));
    return {p.add(name + ".weight", {out, in}, init), p.add(name + ".bias", {out}, Init::zeros())};
}

ThreeLayers three_layers(model::Parameters& p, const std::string& name, std::int64_t width,
                         std::int64_t out) {
    return {linear(p, name + ".dense0", width, width), linear(p, name + ".dense1", width, width),
            linear(p, name + ".dense2", width, out)};
}

Owlv2Heads heads_of(model::Parameters& p, const model::ModelConfig& config) {
    const std::int64_t width = config.vision.width, joint = config.embed_dim;
    Owlv2Heads heads;
    heads.merge = model::LayerNorm(p, "layer_norm", width, config.vision.norm_eps);
    heads.dense0 = linear(p, "class_head.dense0", width, joint);
    heads.logit_shift = linear(p, "class_head.logit_shift", width, 1);
    heads.logit_scale = linear(p, "class_head.logit_scale", width, 1);
    heads.box = three_layers(p, "box_head", width, 4);
    heads.objectness = three_layers(p, "objectness_head", width, 1);
    return heads;
}

Tensor nearly_unit(const Tensor& x) {
    return x / (x.norm(2, {-1}, /*keepdim=*/true) + kSmall);
}

Tensor inverse_sigmoid(const Tensor& u) {
    return (u + kEdge).log() - (1 - u + kEdge).log();
}

}  // namespace

Tensor ThreeLayers::operator()(const Tensor& x) const {
    return dense2(at::gelu(dense1(at::gelu(dense0(x)))));
}

Tensor Owlv2Heads::features(const Tensor& tokens, const Tensor& class_token) const {
    return merge(tokens * class_token.unsqueeze(-2));
}

// (c . q + shift) * scale: how sure a token may be is its own affair.
Tensor Owlv2Heads::logits(const Tensor& features, const Tensor& queries,
                          const Tensor& is_query) const {
    const Tensor c = nearly_unit(dense0(features));             // [.., P, d]
    const Tensor cosines = c.matmul(nearly_unit(queries).t());  // [.., P, Q]
    const Tensor shift = logit_shift(features);                 // [.., P, 1]
    const Tensor scale = at::elu(logit_scale(features)) + 1;    // [.., P, 1]
    const Tensor all = (cosines + shift) * scale;
    if (!is_query.defined()) return all;
    const double lowest = all.scalar_type() == at::kDouble
                              ? std::numeric_limits<double>::lowest()
                              : static_cast<double>(std::numeric_limits<float>::lowest());
    return all.masked_fill(is_query.logical_not(), lowest);
}

Tensor Owlv2Heads::boxes(const Tensor& features, std::int64_t grid) const {
    return at::sigmoid(box(features) + box_bias(grid).to(features.device()));
}

Tensor Owlv2Heads::objectness_logits(const Tensor& features) const {
    return objectness(features.detach()).squeeze(-1);
}

Tensor box_bias(std::int64_t grid) {
    const auto side = static_cast<double>(grid);
    const Tensor edge = at::arange(1, grid + 1, at::TensorOptions(at::kFloat)) / side;  // [G]
    const Tensor x = edge.repeat({grid}), y = edge.repeat_interleave(grid);             // [G·G]
    const Tensor cell = at::full_like(x, 1 / side);
    return inverse_sigmoid(at::stack({x, y, cell, cell}, /*dim=*/-1));
}

Owlv2::Owlv2(const model::ModelConfig& wanted, std::optional<std::uint64_t> seed)
    : config(wanted),
      parameters(seed),
      vision(parameters, config),
      text(parameters, config),
      heads(heads_of(parameters, config)) {}

Tensor Owlv2::features(const Tensor& pixels, at::ScalarType precision) const {
    model::ImageFeatures tokens;
    {
        const tensor::Autocast autocast(device(), precision);
        tokens = vision.features(pixels.to(device()), {.patches = true});
    }
    return heads.features(tokens.patches.to(at::kFloat), tokens.pooled.to(at::kFloat));
}

Tensor Owlv2::queries(const model::PackedTexts& texts, at::ScalarType precision) const {
    const tensor::Autocast autocast(device(), precision);
    return tensor::unit(text.pooled(texts.to(device())));
}

}  // namespace lip::detect
