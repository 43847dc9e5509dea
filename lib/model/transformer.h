// Pre-LN transformer blocks with open_clip's names.
#pragma once

#include "model/config.h"
#include "model/parameters.h"
#include "tensor/linear.h"

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

namespace lip::model {

struct LayerNorm {
    at::Tensor weight, bias;  // [width]
    LayerNorm() = default;
    LayerNorm(Parameters& parameters, const std::string& name, std::int64_t width,
              double eps = 1e-5);
    at::Tensor operator()(const at::Tensor& x) const;
    double eps = 1e-5;
};

// x Wᵀ + b, or with LoRA x Wᵀ + b + scale (x Aᵀ) Bᵀ.
struct Linear {
    at::Tensor weight, bias;              // [out, in], [out]
    at::Tensor lora_a = {}, lora_b = {};  // [rank, in], [out, rank]; undefined without LoRA
    double lora_scale = 0;
    tensor::PackedWeight packed = {};  // of `weight`, once it stays as it is
    at::Tensor operator()(const at::Tensor& x) const;
};

// Starting values of a tower's matrices (those of CLIP).
struct BlockInit {
    Init attention_in, attention_out, mlp_in, mlp_out, mlp_in_bias, mlp_out_bias;
    static BlockInit vision(std::int64_t width, std::int64_t hidden);
    static BlockInit text(std::int64_t width, std::int64_t hidden, std::int64_t layers);
};

// x W_inᵀ, activation, W_outᵀ.
struct Mlp {
    Linear in, out;
    Activation activation = Activation::kGelu;
    at::Tensor operator()(const at::Tensor& x) const;
};

// What the blocks of a tower have in common.
struct BlockShape {
    std::int64_t width, heads, hidden;
    Activation activation = Activation::kGelu;
    double norm_eps = 1e-5;
    double ls_init_value = 0;    // LayerScale's first value, 0: none
    std::int64_t lora_rank = 0;  // of attention and MLP; 0: none
    double lora_scale = 0;
};

// q, k, v of a sequence: [..., L, heads, width/heads] views of one [..., L, 3·width] tensor.
struct Block {
    Block(Parameters& parameters, const std::string& name, const BlockShape& shape,
          const BlockInit& init);

    // `attend` maps [T, 3·width] to [T, width]: which tokens see which is the tower's matter.
    using Attend = std::function<at::Tensor(const at::Tensor& qkv)>;
    // `keep`, for the last block of a tower that is read at some tokens only, picks those: the
    // others are attended to but not computed further.
    using Keep = std::function<at::Tensor(const at::Tensor& all)>;
    at::Tensor operator()(const at::Tensor& x, const Attend& attend, const Keep& keep = {}) const;
    // in_proj of the normalised input: [..., 3·width].
    at::Tensor qkv(const at::Tensor& x) const { return attention_in(ln_1(x)); }
    // Lays the weights out for this number of tokens (tensor/linear.h); they may not change then.
    void pack(std::int64_t tokens);

    LayerNorm ln_1, ln_2;
    Linear attention_in, attention_out;
    Mlp mlp;
    at::Tensor scale_1, scale_2;  // LayerScale's factors [width]; undefined without
    std::int64_t heads;
};

// One learned query over all tokens, then an MLP (SigLIP's multi-head attention pooling).
struct MapPool {
    MapPool() = default;
    MapPool(Parameters& parameters, const std::string& name, const BlockShape& shape,
            const BlockInit& init);
    at::Tensor operator()(const at::Tensor& x) const;  // [N, L, width] -> [N, width]

    at::Tensor query;  // [width]
    Linear attention_in, attention_out;
    LayerNorm norm;
    Mlp mlp;
    std::int64_t heads = 1;
};

// Scaled dot-product attention within sequences of one length. qkv [N, L, 3·width], result [N, L,
// width].
at::Tensor attend_dense(const at::Tensor& qkv, std::int64_t heads, bool causal);

// The weights with which tokens from `first` on attend to all, the mean of the heads
// [N, L - first, L], fp32.
at::Tensor attention_weights(const at::Tensor& qkv, std::int64_t heads, std::int64_t first);

// Query-query plus key-key attention (SCLIP): softmax(q qᵀ/√d) + softmax(k kᵀ/√d), applied to v.
at::Tensor attend_correlative(const at::Tensor& qkv, std::int64_t heads);

}  // namespace lip::model
