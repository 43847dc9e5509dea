#include "model/vision_tower.h"

#include "cli/error.h"
#include "tensor/linear.h"

#include <ATen/ATen.h>

#include <cmath>

namespace lip::model {

using at::Tensor;

VisionTower::VisionTower(Parameters& p, const ModelConfig& model)
    : config(model.vision), token_kind(model.cloc.tokens) {
    const std::int64_t width = config.width, patch = config.patch_size;
    const std::int64_t hidden = config.hidden();
    const Init scaled = Init::normal(1 / std::sqrt(static_cast<double>(width)));
    if (model.has_mixture()) {
        config.class_token = model.llip.class_token;
        config.projection = false;
        mixture_tokens = p.add("visual.mixture_tokens", {model.llip.mixture_tokens, width}, scaled);
    }
    if (config.class_token) class_embedding = p.add("visual.class_embedding", {width}, scaled);
    positional_embedding = p.add("visual.positional_embedding",
                                 {config.grid() * config.grid() + first_patch(), width}, scaled);
    if (config.projection)
        proj = p.add("visual.proj",
                     {config.attentional_pool ? model.embed_dim : width, model.embed_dim}, scaled);
    patch_weight = p.add("visual.conv1.weight", {width, 3, patch, patch},
                         Init::uniform(1 / std::sqrt(static_cast<double>(3 * patch * patch))));
    if (config.patch_bias) patch_bias = p.add("visual.conv1.bias", {width}, Init::zeros());
    if (!config.no_ln_pre) ln_pre = LayerNorm(p, "visual.ln_pre", width, config.norm_eps);
    const BlockInit init = BlockInit::vision(width, hidden);
    const BlockShape shape{.width = width,
                           .heads = config.heads(),
                           .hidden = hidden,
                           .activation = config.activation,
                           .norm_eps = config.norm_eps,
                           .ls_init_value = config.ls_init_value,
                           .lora_rank = model.lora.vision ? model.lora.rank : 0,
                           .lora_scale = model.lora.scale()};
    for (std::int64_t i = 0; i < config.layers; ++i)
        blocks.emplace_back(p, "visual.transformer.resblocks." + std::to_string(i), shape, init);
    if (config.attentional_pool)
        attn_pool = AttentionPool(p, "visual.attn_pool", width, model.embed_dim,
                                  config.attn_pooler_queries, config.attn_pooler_heads);
    const std::int64_t pooled_width = config.attentional_pool ? model.embed_dim : width;
    ln_post = LayerNorm(p, "visual.ln_post", pooled_width, config.norm_eps);
    if (config.pool_type == "map") map_pool = MapPool(p, "visual.map_pool", shape, init);
}

Tensor VisionTower::positions(std::int64_t rows, std::int64_t columns) const {
    const std::int64_t grid = config.grid(), first = first_patch();
    if (rows == grid && columns == grid) return positional_embedding;
    const Tensor map = positional_embedding.slice(0, first)
                           .view({1, grid, grid, config.width})
                           .permute({0, 3, 1, 2});
    const Tensor resized = at::upsample_bicubic2d(map, {rows, columns}, /*align_corners=*/false);
    return at::cat({positional_embedding.slice(0, 0, first), resized.flatten(2).squeeze(0).t()});
}

void VisionTower::pack(std::int64_t images) {
    const std::int64_t mixture = mixture_tokens.defined() ? mixture_tokens.size(0) : 0;
    const std::int64_t tokens = config.grid() * config.grid() + first_patch() + mixture;
    for (Block& block : blocks) block.pack(images * tokens);
}

// A convolution whose stride is its kernel is one matrix product over unfolded patches.
Tensor VisionTower::embed(const Tensor& pixels) const {
    const std::int64_t n = pixels.size(0), p = config.patch_size;
    const std::int64_t rows = pixels.size(2) / p, columns = pixels.size(3) / p;
    const Tensor whole = pixels.slice(2, 0, rows * p).slice(3, 0, columns * p);
    const Tensor unfolded = whole.reshape({n, 3, rows, p, columns, p})
                                .permute({0, 2, 4, 1, 3, 5})
                                .reshape({n, rows * columns, 3 * p * p});      // [B, P, 3pp]
    Tensor x = tensor::linear(unfolded, patch_weight.flatten(1), patch_bias);  // [B, P, width]
    if (config.class_token)
        x = at::cat({class_embedding.to(x.scalar_type()).expand({n, 1, -1}), x}, /*dim=*/1);
    x = x + positions(rows, columns);
    if (mixture_tokens.defined())
        x = at::cat({x, mixture_tokens.to(x.scalar_type()).expand({n, -1, -1})}, /*dim=*/1);
    return config.no_ln_pre ? x : ln_pre(x);
}

Tensor VisionTower::project(const Tensor& x) const {
    return proj.defined() ? x.matmul(proj) : x;
}

Tensor VisionTower::before_last_block(const Tensor& pixels) const {
    Tensor x = embed(pixels);
    for (const Block& block : blocks)
        if (&block != &blocks.back())
            x = block(x, [&](const Tensor& qkv) { return attend_dense(qkv, block.heads, false); });
    return x;
}

Tensor VisionTower::last_block(const Tensor& x, const Block::Keep& keep) const {
    const Block& block = blocks.back();
    return block(
        x, [&](const Tensor& qkv) { return attend_dense(qkv, block.heads, /*causal=*/false); },
        keep);
}

// Pooled at the class token, only that goes on from the last block.
Tensor VisionTower::pooled_of(const Tensor& x) const {
    const bool at_class = config.pool_type == "tok" && !config.attentional_pool;
    const auto class_token = [](const Tensor& all) { return all.slice(1, 0, 1); };
    return pool(last_block(x, at_class ? class_token : Block::Keep()));
}

Tensor VisionTower::mixture_of(const Tensor& x) const {
    const std::int64_t first = x.size(1) - mixture_tokens.size(0);
    return ln_post(last_block(x, [&](const Tensor& all) { return all.slice(1, first); }));
}

Tensor VisionTower::pooled(const Tensor& pixels) const {
    return pooled_of(before_last_block(pixels));
}

Tensor VisionTower::mixture_attention(const Tensor& pixels) const {
    const Tensor x = before_last_block(pixels);
    const std::int64_t count = mixture_tokens.size(0), first = x.size(1) - count;
    return attention_weights(blocks.back().qkv(x), blocks.back().heads, first)
        .slice(2, first_patch(), first);
}

Tensor VisionTower::pool(const Tensor& x) const {
    if (config.attentional_pool) {  // tok: the first query; avg: all others
        const bool one = config.pool_type == "tok";
        const Tensor found =
            ln_post(attn_pool(x, one ? 0 : 1, one ? 1 : config.attn_pooler_queries - 1));
        return project(found.mean(1));
    }
    if (config.pool_type == "tok") return project(ln_post(x.select(1, 0)));
    const Tensor patches = x.slice(1, first_patch());
    if (config.pool_type == "map") return project(map_pool(ln_post(x)));
    return project(config.final_ln_after_pool ? ln_post(patches.mean(1))
                                              : ln_post(patches).mean(1));
}

void VisionTower::check_has_patches() const {
    if (mixture_tokens.defined())
        throw cli::DataError(
            "the model reads only its mixture tokens (llip): it has no patch features");
    if (config.attentional_pool)
        throw cli::DataError(
            "the model pools by attention (attentional_pool): it has no patch features");
    if (config.image_size % config.patch_size != 0)
        throw cli::DataError("image_size " + std::to_string(config.image_size) +
                             " is no multiple of patch_size " + std::to_string(config.patch_size) +
                             ": the patches do not cover the image, and stand for no places in it");
}

// Of all tokens behind the last block.
Tensor VisionTower::region_tokens(const Tensor& x) const {
    const std::int64_t mixture = mixture_tokens.defined() ? mixture_tokens.size(0) : 0;
    const Tensor tokens =
        x.slice(1, token_kind == "with_cls" ? 0 : first_patch(), x.size(1) - mixture);
    return token_kind == "patch_raw" ? tokens : ln_post(tokens);
}

ImageFeatures VisionTower::features(const Tensor& pixels, WantedFeatures wanted) const {
    const bool mixes = mixture_tokens.defined();
    if (wanted.patches) check_has_patches();
    const Tensor before = before_last_block(pixels);
    ImageFeatures features;
    const bool apart = wanted.pooled_apart || (!wanted.patches && !wanted.tokens);
    if (apart) features.pooled = mixes ? mixture_of(before) : pooled_of(before);
    if (!wanted.patches && !wanted.tokens) return features;
    const Tensor x = last_block(before);
    if (!apart)
        features.pooled = mixes ? ln_post(x.slice(1, x.size(1) - mixture_tokens.size(0))) : pool(x);
    if (wanted.patches) features.patches = project(ln_post(x.slice(1, first_patch())));
    if (wanted.tokens) features.tokens = region_tokens(x);
    return features;
}

Tensor VisionTower::block_output(const Tensor& pixels, std::int64_t n) const {
    const std::int64_t count = std::ssize(blocks), wanted = n < 0 ? count + 1 + n : n;
    if (wanted < 0 || wanted > count || n < -count)
        throw cli::UsageError("no block " + std::to_string(n) + ": the model has " +
                              std::to_string(count) + " (1 to " + std::to_string(count) +
                              ", or -1 for the last to -" + std::to_string(count) + ")");
    Tensor x = embed(pixels);
    for (std::int64_t i = 0; i < wanted; ++i) {
        const Block& block = blocks[static_cast<std::size_t>(i)];
        x = block(x, [&](const Tensor& qkv) { return attend_dense(qkv, block.heads, false); });
    }
    const std::int64_t behind = mixture_tokens.defined() ? mixture_tokens.size(0) : 0;
    return x.slice(1, first_patch(), x.size(1) - behind);
}

Tensor VisionTower::patches(const Tensor& pixels, DenseAttention attention) const {
    check_has_patches();
    Tensor x = embed(pixels);
    for (const Block& block : blocks) {
        const bool is_last = &block == &blocks.back();
        if (is_last && attention == DenseAttention::kValue) {
            x = block.attention_out(block.qkv(x).chunk(3, -1)[2]);
            continue;
        }
        const bool correlative = is_last && attention == DenseAttention::kCsa;
        x = block(x, [&](const Tensor& qkv) {
            return correlative ? attend_correlative(qkv, block.heads)
                               : attend_dense(qkv, block.heads, false);
        });
    }
    return project(ln_post(x.slice(1, first_patch())));
}

}  // namespace lip::model
