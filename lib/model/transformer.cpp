#include "model/transformer.h"

#include <ATen/ATen.h>

#include <cmath>

namespace lip::model {

using at::Tensor;

LayerNorm::LayerNorm(Parameters& parameters, const std::string& name, std::int64_t width)
    : weight(parameters.add(name + ".weight", {width}, Init::ones())),
      bias(parameters.add(name + ".bias", {width}, Init::zeros())) {}

Tensor LayerNorm::operator()(const Tensor& x) const {
    return at::layer_norm(x, {weight.size(0)}, weight, bias, /*eps=*/1e-5);
}

Tensor Linear::operator()(const Tensor& x) const {
    return at::linear(x, weight, bias);
}

BlockInit BlockInit::vision(std::int64_t width, std::int64_t hidden) {
    const auto w = static_cast<double>(width), h = static_cast<double>(hidden);
    const Init fan_width = Init::uniform(1 / std::sqrt(w)),
               fan_hidden = Init::uniform(1 / std::sqrt(h));
    // Xavier of the joint [3w, w] matrix.
    return {Init::uniform(std::sqrt(6 / (4 * w))),
            fan_width,
            fan_width,
            fan_hidden,
            fan_width,
            fan_hidden};
}

BlockInit BlockInit::text(std::int64_t width, std::int64_t hidden, std::int64_t layers) {
    const auto w = static_cast<double>(width), h = static_cast<double>(hidden),
               n = static_cast<double>(layers);
    const Init out = Init::normal(1 / std::sqrt(2 * w * n));
    return {Init::normal(1 / std::sqrt(w)),     out,
            Init::normal(1 / std::sqrt(2 * w)), out,
            Init::uniform(1 / std::sqrt(w)),    Init::uniform(1 / std::sqrt(h))};
}

Block::Block(Parameters& p, const std::string& name, std::int64_t width, std::int64_t head_count,
             std::int64_t hidden, bool quick, const BlockInit& init)
    : ln_1(p, name + ".ln_1", width), heads(head_count), quick_gelu(quick) {
    attention_in = {p.add(name + ".attn.in_proj_weight", {3 * width, width}, init.attention_in),
                    p.add(name + ".attn.in_proj_bias", {3 * width}, Init::zeros())};
    attention_out = {p.add(name + ".attn.out_proj.weight", {width, width}, init.attention_out),
                     p.add(name + ".attn.out_proj.bias", {width}, Init::zeros())};
    ln_2 = LayerNorm(p, name + ".ln_2", width);
    mlp_in = {p.add(name + ".mlp.c_fc.weight", {hidden, width}, init.mlp_in),
              p.add(name + ".mlp.c_fc.bias", {hidden}, init.mlp_in_bias)};
    mlp_out = {p.add(name + ".mlp.c_proj.weight", {width, hidden}, init.mlp_out),
               p.add(name + ".mlp.c_proj.bias", {width}, init.mlp_out_bias)};
}

Tensor Block::operator()(const Tensor& x, const Attend& attend, const Keep& keep) const {
    const Tensor mixed = attend(qkv(x));
    const Tensor y = keep ? keep(x) + attention_out(keep(mixed)) : x + attention_out(mixed);
    const Tensor h = mlp_in(ln_2(y));
    return y + mlp_out(quick_gelu ? h * at::sigmoid(1.702 * h) : at::gelu(h));
}

namespace {

// [N, L, 3·width] -> three [N, heads, L, d]
std::vector<Tensor> split_heads(const Tensor& qkv, std::int64_t heads) {
    std::vector<Tensor> parts = qkv.chunk(3, -1);
    for (Tensor& part : parts) part = part.unflatten(-1, {heads, -1}).transpose(1, 2);
    return parts;
}

Tensor join_heads(const Tensor& x) {
    return x.transpose(1, 2).flatten(2);
}  // [N, h, L, d] -> [N, L, h·d]

}  // namespace

Tensor attend_dense(const Tensor& qkv, std::int64_t heads, bool causal) {
    const auto parts = split_heads(qkv, heads);
    return join_heads(at::scaled_dot_product_attention(parts[0], parts[1], parts[2],
                                                       /*attn_mask=*/{},
                                                       /*dropout_p=*/0.0, causal));
}

Tensor attend_correlative(const Tensor& qkv, std::int64_t heads) {
    const auto parts = split_heads(qkv, heads);
    const double scale = 1 / std::sqrt(static_cast<double>(parts[0].size(-1)));
    const auto weights = [&](const Tensor& x) {
        return (x.matmul(x.transpose(-1, -2)) * scale).softmax(-1);
    };
    return join_heads((weights(parts[0]) + weights(parts[1])).matmul(parts[2]));
}

}  // namespace lip::model
