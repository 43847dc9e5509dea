#include "model/text_tower.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lip::model {

using at::Tensor;

PackedTexts PackedTexts::to(c10::Device device) const {
    return {ids.to(device), positions.to(device), last.to(device), groups};
}

PackedTexts pack_texts(std::span<const TokenIds> texts) {
    std::vector<std::size_t> order(texts.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return texts[a].size() < texts[b].size();
    });
    std::vector<std::int64_t> ids, positions, last(texts.size());
    PackedTexts packed;
    for (const std::size_t i : order) {
        const auto length = static_cast<std::int64_t>(texts[i].size());
        TORCH_INTERNAL_ASSERT(length > 0, "a text without tokens");
        if (packed.groups.empty() || packed.groups.back().length != length)
            packed.groups.push_back({0, length});
        ++packed.groups.back().count;
        for (std::int64_t p = 0; p < length; ++p) {
            ids.push_back(texts[i][static_cast<std::size_t>(p)]);
            positions.push_back(p);
        }
        last[i] = static_cast<std::int64_t>(ids.size()) - 1;
    }
    packed.ids = at::tensor(ids, at::TensorOptions(at::kLong));
    packed.positions = at::tensor(positions, at::TensorOptions(at::kLong));
    packed.last = at::tensor(last, at::TensorOptions(at::kLong));
    return packed;
}

TextTower::TextTower(Parameters& p, const ModelConfig& model) : config(model.text) {
    const std::int64_t width = config.width;
    const auto hidden = static_cast<std::int64_t>(config.mlp_ratio * static_cast<double>(width));
    positional_embedding =
        p.add("positional_embedding", {config.context_length, width}, Init::normal(0.01));
    text_projection = p.add("text_projection", {width, model.embed_dim},
                            Init::normal(1 / std::sqrt(static_cast<double>(width))));
    token_embedding =
        p.add("token_embedding.weight", {config.vocab_size, width}, Init::normal(0.02));
    const BlockInit init = BlockInit::text(width, hidden, config.layers);
    for (std::int64_t i = 0; i < config.layers; ++i)
        blocks.emplace_back(p, "transformer.resblocks." + std::to_string(i), width, config.heads,
                            hidden, model.quick_gelu, init);
    ln_final = LayerNorm(p, "ln_final", width);
}

namespace {

// qkv [T, 3·width] of packed texts -> [T, width], each text attending to itself.
Tensor attend_packed(const Tensor& qkv, const std::vector<PackedTexts::Group>& groups,
                     std::int64_t heads) {
    std::vector<std::int64_t> sizes;
    for (const auto& group : groups) sizes.push_back(group.count * group.length);
    const std::vector<Tensor> parts = qkv.split_with_sizes(sizes);
    std::vector<Tensor> out;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const Tensor dense = parts[i].view({groups[i].count, groups[i].length, -1});
        out.push_back(attend_dense(dense, heads, /*causal=*/true).flatten(0, 1));
    }
    return at::cat(out);
}

}  // namespace

Tensor TextTower::pooled(const PackedTexts& texts) const {
    Tensor x = at::embedding(token_embedding, texts.ids) +
               at::embedding(positional_embedding, texts.positions);
    for (const Block& block : blocks)
        x = block(x,
                  [&](const Tensor& qkv) { return attend_packed(qkv, texts.groups, block.heads); });
    // Only the end tokens go on: layer norm and projection of the others would be thrown away.
    return ln_final(x.index_select(0, texts.last)).matmul(text_projection);
}

}  // namespace lip::model
