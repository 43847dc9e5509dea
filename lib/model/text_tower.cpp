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

PackedTexts pack_texts(std::span<const TokenIds> given, const TextConfig& config) {
    std::vector<TokenIds> padded;
    if (config.is_padded()) {
        padded.assign(given.begin(), given.end());
        for (TokenIds& text : padded)
            text.resize(static_cast<std::size_t>(config.context_length),
                        static_cast<std::int32_t>(config.pad_id));
    }
    const std::span<const TokenIds> texts =
        config.is_padded() ? std::span<const TokenIds>(padded) : given;
    // Texts of tokenizers end in their end token. Where that is what pool_type looks for, the first
    // one counts, as with the others: a text that spells it out has one inside.
    const auto read_at = [&](std::size_t text) {
        if (config.pool_type == "first") return std::size_t{0};
        if (config.pool_type == "last") return texts[text].size() - 1;
        const TokenIds& ids = given[text];
        const bool is_end = config.pool_type == "eos" ? ids.back() == config.eos_id
                                                      : ids.back() == std::ranges::max(ids);
        return is_end ? static_cast<std::size_t>(std::ranges::find(ids, ids.back()) - ids.begin())
                      : ids.size() - 1;
    };
    std::vector<std::size_t> order(texts.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return texts[a].size() < texts[b].size();
    });
    std::vector<std::int64_t> ids, positions, last(texts.size());
    PackedTexts packed;
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        // A group: as many texts as are at most an eighth longer than its shortest.
        const std::size_t shortest = texts[order[begin]].size();
        TORCH_INTERNAL_ASSERT(shortest > 0, "a text without tokens");
        while (end < order.size() && texts[order[end]].size() <= shortest + shortest / 8) ++end;
        const std::size_t length = texts[order[end - 1]].size();
        packed.groups.push_back(
            {static_cast<std::int64_t>(end - begin), static_cast<std::int64_t>(length)});
        for (std::size_t i = begin; i < end; ++i) {
            const TokenIds& text = texts[order[i]];
            last[order[i]] = static_cast<std::int64_t>(ids.size() + read_at(order[i]));
            for (std::size_t p = 0; p < length; ++p) {
                ids.push_back(p < text.size() ? text[p] : text.back());
                positions.push_back(static_cast<std::int64_t>(p));
            }
        }
    }
    packed.ids = at::tensor(ids, at::TensorOptions(at::kLong));
    packed.positions = at::tensor(positions, at::TensorOptions(at::kLong));
    packed.last = at::tensor(last, at::TensorOptions(at::kLong));
    return packed;
}

TextTower::TextTower(Parameters& p, const ModelConfig& model) : config(model.text) {
    const std::int64_t width = config.width;
    const std::int64_t hidden = config.hidden();
    positional_embedding =
        p.add("positional_embedding", {config.context_length, width}, Init::normal(0.01));
    const Init scaled = Init::normal(1 / std::sqrt(static_cast<double>(width)));
    if (config.proj_bias)
        text_projection_with_bias = {
            p.add("text_projection.weight", {model.embed_dim, width}, scaled),
            p.add("text_projection.bias", {model.embed_dim}, Init::zeros())};
    else
        text_projection = p.add("text_projection", {width, model.embed_dim}, scaled);
    token_embedding =
        p.add("token_embedding.weight", {config.vocab_size, width}, Init::normal(0.02));
    const BlockInit init = BlockInit::text(width, hidden, config.layers);
    const BlockShape shape{.width = width,
                           .heads = config.heads,
                           .hidden = hidden,
                           .activation = config.activation,
                           .norm_eps = config.norm_eps,
                           .lora_rank = model.lora.text ? model.lora.rank : 0,
                           .lora_scale = model.lora.scale()};
    for (std::int64_t i = 0; i < config.layers; ++i)
        blocks.emplace_back(p, "transformer.resblocks." + std::to_string(i), shape, init);
    ln_final = LayerNorm(p, "ln_final", width, config.norm_eps);
}

namespace {

// qkv [T, 3·width] of packed texts -> [T, width], each text attending to itself.
Tensor attend_packed(const Tensor& qkv, const std::vector<PackedTexts::Group>& groups,
                     std::int64_t heads, bool causal) {
    std::vector<std::int64_t> sizes;
    for (const auto& group : groups) sizes.push_back(group.count * group.length);
    const std::vector<Tensor> parts = qkv.split_with_sizes(sizes);
    std::vector<Tensor> out;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const Tensor dense = parts[i].view({groups[i].count, groups[i].length, -1});
        out.push_back(attend_dense(dense, heads, causal).flatten(0, 1));
    }
    return at::cat(out);
}

}  // namespace

Tensor TextTower::features(const PackedTexts& texts) const {
    Tensor x = at::embedding(token_embedding, texts.ids) +
               at::embedding(positional_embedding, texts.positions);
    // Only the tokens that are read go on from the last block.
    const auto ends = [&](const Tensor& all) { return all.index_select(0, texts.last); };
    for (const Block& block : blocks) {
        const auto attend = [&](const Tensor& qkv) {
            return attend_packed(qkv, texts.groups, block.heads, !config.no_causal_mask);
        };
        x = block(x, attend, &block == &blocks.back() ? ends : Block::Keep());
    }
    return ln_final(x);
}

Tensor TextTower::project(const Tensor& x) const {
    return config.proj_bias ? text_projection_with_bias(x) : x.matmul(text_projection);
}

}  // namespace lip::model
