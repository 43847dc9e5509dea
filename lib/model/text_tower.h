// Causal text transformer over packed texts: no padding is stored or computed.
#pragma once

#include "model/config.h"
#include "model/transformer.h"

#include <cstdint>
#include <span>
#include <vector>

namespace lip::model {

using TokenIds = std::vector<std::int32_t>;  // begin token .. end token, cut to the context length

// Texts one behind the other, for a tower with a causal mask sorted by length, so that linear
// layers see [T, width] and attention a dense [n, L, width] for each group of nearly equal lengths;
// the shorter ones of a group are filled up behind their end token (an eighth of the length at
// most). Under a causal mask this equals padding to the context length.
struct PackedTexts {
    struct Group {
        std::int64_t count, length;
    };
    at::Tensor ids, positions;  // [T] int64
    at::Tensor last;  // [N] int64: the token that each text, in the order given, is read at
    std::vector<Group> groups;

    PackedTexts to(c10::Device device) const;
};

// Requires every text to have at least one token. On the CPU. A text is read at its end token, or
// at what config.pool_type says; texts of a tower without causal mask are filled up with pad_id.
PackedTexts pack_texts(std::span<const TokenIds> texts, const TextConfig& config = {});

struct TextTower {
    TextTower(Parameters& parameters, const ModelConfig& config);

    // Result [N, width]: the feature at the end token behind the final norm.
    at::Tensor features(const PackedTexts& texts) const;
    // Of these, [N, embed_dim], any length.
    at::Tensor project(const at::Tensor& features) const;
    at::Tensor pooled(const PackedTexts& texts) const { return project(features(texts)); }

    TextConfig config;
    at::Tensor token_embedding, positional_embedding;
    at::Tensor text_projection;  // [width, embed_dim]; undefined if it has a bias:
    Linear text_projection_with_bias;
    LayerNorm ln_final;
    std::vector<Block> blocks;
};

}  // namespace lip::model
