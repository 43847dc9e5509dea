// Attention pooling of open_clip (`attentional_pool`): learned queries over all tokens, from the
// width of the tower into the joint space.
#pragma once

#include "model/transformer.h"

namespace lip::model {

// MapPool of SigLIP is another: one query, an MLP after it, all in the width of the tower.
struct AttentionPool {
    AttentionPool() = default;
    // Tokens are `width` wide, results `embed_dim`.
    AttentionPool(Parameters& parameters, const std::string& name, std::int64_t width,
                  std::int64_t embed_dim, std::int64_t queries, std::int64_t heads);
    // What queries first .. first + count - 1 find: x [N, L, width] -> [N, count, embed_dim].
    at::Tensor operator()(const at::Tensor& x, std::int64_t first, std::int64_t count) const;

    at::Tensor query;         // [queries, embed_dim]
    at::Tensor weights[3];    // of queries, keys and values [embed_dim, embed_dim or width]
    at::Tensor joint_weight;  // instead of those where width is embed_dim [3·embed_dim, width]
    at::Tensor bias;          // [3·embed_dim]
    Linear out;
    LayerNorm ln_q, ln_k;
    std::int64_t heads = 1;
};

}  // namespace lip::model
