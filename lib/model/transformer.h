// Pre-LN transformer blocks with open_clip's names.
#pragma once

#include "model/parameters.h"

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

namespace lip::model {

struct LayerNorm {
    at::Tensor weight, bias;  // [width]
    LayerNorm() = default;
    LayerNorm(Parameters& parameters, const std::string& name, std::int64_t width);
    at::Tensor operator()(const at::Tensor& x) const;  // eps 1e-5
};

struct Linear {
    at::Tensor weight, bias;  // [out, in], [out]
    at::Tensor operator()(const at::Tensor& x) const;
};

// Starting values of a tower's matrices (those of CLIP).
struct BlockInit {
    Init attention_in, attention_out, mlp_in, mlp_out, mlp_in_bias, mlp_out_bias;
    static BlockInit vision(std::int64_t width, std::int64_t hidden);
    static BlockInit text(std::int64_t width, std::int64_t hidden, std::int64_t layers);
};

// q, k, v of a sequence: [..., L, heads, width/heads] views of one [..., L, 3·width] tensor.
struct Block {
    Block(Parameters& parameters, const std::string& name, std::int64_t width, std::int64_t heads,
          std::int64_t hidden, bool quick_gelu, const BlockInit& init);

    // `attend` maps [T, 3·width] to [T, width]: which tokens see which is the tower's matter.
    using Attend = std::function<at::Tensor(const at::Tensor& qkv)>;
    // `keep`, for the last block of a tower that is read at some tokens only, picks those: the
    // others are attended to but not computed further.
    using Keep = std::function<at::Tensor(const at::Tensor& all)>;
    at::Tensor operator()(const at::Tensor& x, const Attend& attend, const Keep& keep = {}) const;
    // in_proj of the normalised input: [..., 3·width].
    at::Tensor qkv(const at::Tensor& x) const { return attention_in(ln_1(x)); }

    LayerNorm ln_1, ln_2;
    Linear attention_in, attention_out, mlp_in, mlp_out;
    std::int64_t heads;
    bool quick_gelu;
};

// Scaled dot-product attention within sequences of one length. qkv [N, L, 3·width], result [N, L,
// width].
at::Tensor attend_dense(const at::Tensor& qkv, std::int64_t heads, bool causal);

// Query-query plus key-key attention (SCLIP): softmax(q qᵀ/√d) + softmax(k kᵀ/√d), applied to v.
at::Tensor attend_correlative(const at::Tensor& qkv, std::int64_t heads);

}  // namespace lip::model
