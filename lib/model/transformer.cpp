#include "model/transformer.h"

#include <ATen/ATen.h>

#include <cmath>

namespace lip::model {

using at::Tensor;

LayerNorm::LayerNorm(Parameters& parameters, const std::string& name, std::int64_t width,
                     double epsilon)
    : weight(parameters.add(name + ".weight", {width}, Init::ones())),
      bias(parameters.add(name + ".bias", {width}, Init::zeros())),
      eps(epsilon) {}

Tensor LayerNorm::operator()(const Tensor& x) const {
    return at::layer_norm(x, {weight.size(0)}, weight, bias, eps);
}

Tensor Linear::operator()(const Tensor& x) const {
    const Tensor y = tensor::linear(x, weight, bias, packed);
    if (!lora_a.defined()) return y;
    // In place: nothing needs y itself, and it is as large as all activations of a layer.
    return Tensor(y).add_(tensor::linear(lora_scale * tensor::linear(x, lora_a), lora_b));
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

Tensor Mlp::operator()(const Tensor& x) const {
    const Tensor h = in(x);
    switch (activation) {
        case Activation::kQuickGelu:
            return out(h * at::sigmoid(1.702 * h));
        case Activation::kGeluTanh:
            return out(at::gelu(h, "tanh"));
        case Activation::kGelu:
            break;
    }
    return out(at::gelu(h));
}

namespace {

Linear attention_in_of(Parameters& p, const std::string& name, std::int64_t width,
                       const Init& init) {
    return {p.add(name + ".in_proj_weight", {3 * width, width}, init),
            p.add(name + ".in_proj_bias", {3 * width}, Init::zeros())};
}

Linear attention_out_of(Parameters& p, const std::string& name, std::int64_t width,
                        const Init& init) {
    return {p.add(name + ".out_proj.weight", {width, width}, init),
            p.add(name + ".out_proj.bias", {width}, Init::zeros())};
}

Mlp mlp_of(Parameters& p, const std::string& name, const BlockShape& shape, const BlockInit& init) {
    const std::int64_t width = shape.width, hidden = shape.hidden;
    Mlp mlp;
    mlp.in = {p.add(name + ".c_fc.weight", {hidden, width}, init.mlp_in),
              p.add(name + ".c_fc.bias", {hidden}, init.mlp_in_bias)};
    mlp.out = {p.add(name + ".c_proj.weight", {width, hidden}, init.mlp_out),
               p.add(name + ".c_proj.bias", {width}, init.mlp_out_bias)};
    mlp.activation = shape.activation;
    return mlp;
}

// A starts as a layer's matrix would, B with zeros: the model begins as it was.
void add_lora(Parameters& p, const std::string& name, const BlockShape& shape, Linear& linear) {
    if (shape.lora_rank == 0) return;
    const std::int64_t out = linear.weight.size(0), in = linear.weight.size(1);
    const Init init = Init::uniform(1 / std::sqrt(static_cast<double>(in)));
    linear.lora_a = p.add(name + ".lora_a", {shape.lora_rank, in}, init);
    linear.lora_b = p.add(name + ".lora_b", {out, shape.lora_rank}, Init::zeros());
    linear.lora_scale = shape.lora_scale;
}

}  // namespace

Block::Block(Parameters& p, const std::string& name, const BlockShape& shape, const BlockInit& init)
    : ln_1(p, name + ".ln_1", shape.width, shape.norm_eps), heads(shape.heads) {
    attention_in = attention_in_of(p, name + ".attn", shape.width, init.attention_in);
    attention_out = attention_out_of(p, name + ".attn", shape.width, init.attention_out);
    ln_2 = LayerNorm(p, name + ".ln_2", shape.width, shape.norm_eps);
    mlp = mlp_of(p, name + ".mlp", shape, init);
    add_lora(p, name + ".attn.in_proj", shape, attention_in);
    add_lora(p, name + ".attn.out_proj", shape, attention_out);
    add_lora(p, name + ".mlp.c_fc", shape, mlp.in);
    add_lora(p, name + ".mlp.c_proj", shape, mlp.out);
    if (shape.ls_init_value == 0) return;
    scale_1 = p.add(name + ".ls_1.gamma", {shape.width}, Init::constant(shape.ls_init_value));
    scale_2 = p.add(name + ".ls_2.gamma", {shape.width}, Init::constant(shape.ls_init_value));
}

Tensor Block::operator()(const Tensor& x, const Attend& attend, const Keep& keep) const {
    const auto scaled = [](const Tensor& branch, const Tensor& scale) {
        return scale.defined() ? branch * scale : branch;
    };
    const Tensor mixed = attend(qkv(x));
    const Tensor kept = keep ? keep(x) : x;
    const Tensor y = kept + scaled(attention_out(keep ? keep(mixed) : mixed), scale_1);
    return y + scaled(mlp(ln_2(y)), scale_2);
}

void Block::pack(std::int64_t tokens) {
    for (Linear* linear : {&attention_in, &attention_out, &mlp.in, &mlp.out})
        linear->packed = tensor::pack_weight(linear->weight, tokens);
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

Tensor attention_weights(const Tensor& qkv, std::int64_t heads, std::int64_t first) {
    const auto parts = split_heads(qkv, heads);
    const double scale = 1 / std::sqrt(static_cast<double>(parts[0].size(-1)));
    const Tensor q = parts[0].slice(2, first).to(at::kFloat) * scale;
    return q.matmul(parts[1].to(at::kFloat).mT()).softmax(-1).mean(1);
}

MapPool::MapPool(Parameters& p, const std::string& name, const BlockShape& shape,
                 const BlockInit& init)
    : query(p.add(name + ".query", {shape.width},
                  Init::normal(1 / std::sqrt(static_cast<double>(shape.width))))),
      attention_in(attention_in_of(p, name + ".attn", shape.width, init.attention_in)),
      attention_out(attention_out_of(p, name + ".attn", shape.width, init.attention_out)),
      norm(p, name + ".ln", shape.width, shape.norm_eps),
      mlp(mlp_of(p, name + ".mlp", shape, init)),
      heads(shape.heads) {}

Tensor MapPool::operator()(const Tensor& x) const {
    const std::int64_t width = query.size(0);
    const auto part = [&](const Tensor& input, std::int64_t begin, std::int64_t end) {
        return tensor::linear(input, attention_in.weight.slice(0, begin * width, end * width),
                              attention_in.bias.slice(0, begin * width, end * width));
    };
    const auto by_head = [&](const Tensor& t) {
        return t.unflatten(-1, {heads, -1}).transpose(1, 2);  // [N, heads, L, d]
    };
    const Tensor q = part(query.to(x.scalar_type()), 0, 1).expand({x.size(0), 1, width});
    const std::vector<Tensor> kv = part(x, 1, 3).chunk(2, -1);
    const Tensor mixed =
        at::scaled_dot_product_attention(by_head(q), by_head(kv[0]), by_head(kv[1]));
    const Tensor y = attention_out(join_heads(mixed)).squeeze(1);
    return y + mlp(norm(y));
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
