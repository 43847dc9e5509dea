// Vision transformer (open_clip's `visual`).
#pragma once

#include "model/attention_pool.h"
#include "model/config.h"
#include "model/transformer.h"

namespace lip::model {

// How the last block attends when patch features are wanted.
enum class DenseAttention {
    kPlain,  // as trained
    kCsa,    // query-query plus key-key weights (SCLIP)
    kValue,  // every patch keeps its own value: no attention, no MLP (MaskCLIP)
    kHead,   // as trained, then the value that FLAIR's pooling takes from the patch
};

struct ImageFeatures {
    // [B, embed_dim]; of a tower with mixture tokens, which go through all blocks behind the
    // patches, these [B, K, width] behind the final norm. Such a tower has no projection.
    at::Tensor pooled;
    at::Tensor patches = {};  // [B, P, embed_dim], row-major grid
    at::Tensor tokens = {};   // [B, P, width], what regions are made from: ClocConfig.tokens
};

struct WantedFeatures {
    bool patches = false, tokens = false;  // beside `pooled`
    // `pooled` to the last bit as without them: the last block then runs for each. In bf16 it
    // matters how many rows a product has.
    bool pooled_apart = false;
};

struct VisionTower {
    VisionTower(Parameters& parameters, const ModelConfig& config);

    // pixels [B, 3, H, W], normalised; H and W multiples of the patch size. Positions are
    // interpolated where the grid differs from the trained one. Result [B, embed_dim], any length.
    at::Tensor pooled(const at::Tensor& pixels) const;
    // How much each mixture token attends to each patch in the last block, the mean of the heads
    // [B, K, P]; the rest up to a sum of 1 goes to other tokens.
    at::Tensor mixture_attention(const at::Tensor& pixels) const;
    // All features that are wanted of one pass, none normalised. Throws DataError as patches().
    ImageFeatures features(const at::Tensor& pixels, WantedFeatures wanted) const;
    // Patch features in the joint space [B, P, embed_dim], row-major grid, not normalised.
    // Throws DataError for a tower with attentional_pool or mixture tokens: its patches do not get
    // there.
    at::Tensor patches(const at::Tensor& pixels, DenseAttention attention) const;
    // Patch features as block n leaves them [B, P, width], before the last norm and the projection.
    // Blocks count from 1, or from the end: -1 is the last, -2 the last but one; 0 is what the
    // first one gets. Throws UsageError if there is no such block.
    at::Tensor block_output(const at::Tensor& pixels, std::int64_t n) const;

    // For evaluation, where the weights stay as they are: images come `images` at a time.
    void pack(std::int64_t images);

    // Throws DataError for a tower without such features of patches.
    void check_has_patches() const;

    VisionConfig config;
    std::string token_kind;   // ClocConfig.tokens
    at::Tensor patch_weight;  // conv1.weight [width, 3, patch, patch]
    at::Tensor patch_bias;    // conv1.bias [width]; undefined without
    at::Tensor class_embedding, positional_embedding, proj;  // the first and last may be undefined
    at::Tensor mixture_tokens;  // [K, width], without positions; undefined without
    LayerNorm ln_pre, ln_post;
    MapPool map_pool;
    AttentionPool attn_pool;
    std::vector<Block> blocks;

private:
    std::int64_t first_patch() const { return config.class_token ? 1 : 0; }
    at::Tensor embed(const at::Tensor& pixels) const;  // [B, first_patch()+P+K, width]
    at::Tensor before_last_block(const at::Tensor& pixels) const;
    at::Tensor last_block(const at::Tensor& x, const Block::Keep& keep = {}) const;
    // What ImageFeatures::pooled has, of what before_last_block() gave.
    at::Tensor pooled_of(const at::Tensor& x) const;
    at::Tensor mixture_of(const at::Tensor& x) const;
    at::Tensor project(const at::Tensor& x) const;
    at::Tensor region_tokens(const at::Tensor& x) const;
    at::Tensor pool(const at::Tensor& x) const;  // of all tokens behind the last block
    at::Tensor positions(std::int64_t rows, std::int64_t columns) const;
};

}  // namespace lip::model
