#include "model/attention_pool.h"

#include "tensor/linear.h"

#include <ATen/ATen.h>

#include <cmath>

namespace lip::model {

using at::Tensor;

namespace {

// Half the width of Glorot's uniform distribution.
Init glorot(std::int64_t out, std::int64_t in) {
    return Init::uniform(std::sqrt(6 / static_cast<double>(out + in)));
}

}  // namespace

AttentionPool::AttentionPool(Parameters& p, const std::string& name, std::int64_t width,
                             std::int64_t embed_dim, std::int64_t queries, std::int64_t heads_)
    : query(p.add(name + ".query", {queries, embed_dim}, Init::normal(1))), heads(heads_) {
    const std::string attention = name + ".attn";
    if (width == embed_dim) {
        joint_weight = p.add(attention + ".in_proj_weight", {3 * embed_dim, width},
                             glorot(3 * embed_dim, width));
    } else {
        const char* names[] = {".q_proj_weight", ".k_proj_weight", ".v_proj_weight"};
        for (int i = 0; i < 3; ++i) {
            const std::int64_t in = i == 0 ? embed_dim : width;
            weights[i] = p.add(attention + names[i], {embed_dim, in}, glorot(embed_dim, in));
        }
    }
    bias = p.add(attention + ".in_proj_bias", {3 * embed_dim}, Init::zeros());
    out.weight = p.add(attention + ".out_proj.weight", {embed_dim, embed_dim},
                       Init::uniform(1 / std::sqrt(static_cast<double>(embed_dim))));
    out.bias = p.add(attention + ".out_proj.bias", {embed_dim}, Init::zeros());
    // open_clip gives these norms its usual eps, whatever the tower has.
    ln_q = LayerNorm(p, name + ".ln_q", embed_dim);
    ln_k = LayerNorm(p, name + ".ln_k", width);
}

Tensor AttentionPool::operator()(const Tensor& x, std::int64_t first, std::int64_t count) const {
    const std::int64_t d = out.weight.size(0);
    const auto part = [&](const Tensor& input, std::int64_t i) {
        const Tensor& weight =
            joint_weight.defined() ? joint_weight.slice(0, i * d, (i + 1) * d) : weights[i];
        return tensor::linear(input, weight, bias.slice(0, i * d, (i + 1) * d))
            .unflatten(-1, {heads, -1})
            .transpose(-2, -3);  // [..., heads, L, d / heads]
    };
    const Tensor tokens = ln_k(x);
    const Tensor asked = ln_q(query.slice(0, first, first + count).to(x.scalar_type()));
    const Tensor q = part(asked, 0).expand({x.size(0), -1, -1, -1});
    const Tensor mixed = at::scaled_dot_product_attention(q, part(tokens, 1), part(tokens, 2));
    return out(mixed.transpose(1, 2).flatten(2));
}

}  // namespace lip::model
