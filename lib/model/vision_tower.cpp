#include "model/vision_tower.h"

#include <ATen/ATen.h>

#include <cmath>

namespace lip::model {

using at::Tensor;

VisionTower::VisionTower(Parameters& p, const ModelConfig& model) : config(model.vision) {
    const std::int64_t width = config.width, patch = config.patch_size;
    const auto hidden = static_cast<std::int64_t>(config.mlp_ratio * static_cast<double>(width));
    const Init scaled = Init::normal(1 / std::sqrt(static_cast<double>(width)));
    class_embedding = p.add("visual.class_embedding", {width}, scaled);
    positional_embedding =
        p.add("visual.positional_embedding", {config.grid() * config.grid() + 1, width}, scaled);
    proj = p.add("visual.proj", {width, model.embed_dim}, scaled);
    patch_weight = p.add("visual.conv1.weight", {width, 3, patch, patch},
                         Init::uniform(1 / std::sqrt(static_cast<double>(3 * patch * patch))));
    if (!config.no_ln_pre) ln_pre = LayerNorm(p, "visual.ln_pre", width);
    const BlockInit init = BlockInit::vision(width, hidden);
    for (std::int64_t i = 0; i < config.layers; ++i)
        blocks.emplace_back(p, "visual.transformer.resblocks." + std::to_string(i), width,
                            config.heads(), hidden, model.quick_gelu, init);
    ln_post = LayerNorm(p, "visual.ln_post", width);
}

Tensor VisionTower::positions(std::int64_t rows, std::int64_t columns) const {
    const std::int64_t grid = config.grid();
    if (rows == grid && columns == grid) return positional_embedding;
    const Tensor map =
        positional_embedding.slice(0, 1).view({1, grid, grid, config.width}).permute({0, 3, 1, 2});
    const Tensor resized = at::upsample_bicubic2d(map, {rows, columns}, /*align_corners=*/false);
    return at::cat({positional_embedding.slice(0, 0, 1), resized.flatten(2).squeeze(0).t()});
}

// A convolution whose stride is its kernel is one matrix product over unfolded patches.
Tensor VisionTower::embed(const Tensor& pixels) const {
    const std::int64_t n = pixels.size(0), p = config.patch_size;
    const std::int64_t rows = pixels.size(2) / p, columns = pixels.size(3) / p;
    const Tensor unfolded = pixels.view({n, 3, rows, p, columns, p})
                                .permute({0, 2, 4, 1, 3, 5})
                                .reshape({n, rows * columns, 3 * p * p});  // [B, P, 3pp]
    const Tensor patches = at::linear(unfolded, patch_weight.flatten(1));  // [B, P, width]
    const Tensor first =
        class_embedding.to(patches.scalar_type()).expand({n, 1, -1});  // [B, 1, width]
    const Tensor x = at::cat({first, patches}, /*dim=*/1) + positions(rows, columns);
    return config.no_ln_pre ? x : ln_pre(x);
}

Tensor VisionTower::pooled(const Tensor& pixels) const {
    Tensor x = embed(pixels);
    // Pooled at the class token, only that goes on from the last block.
    const bool at_class = config.pool_type == "tok";
    const auto class_token = [](const Tensor& all) { return all.slice(1, 0, 1); };
    for (const Block& block : blocks) {
        const auto attend = [&](const Tensor& qkv) {
            return attend_dense(qkv, block.heads, /*causal=*/false);
        };
        x = block(x, attend, at_class && &block == &blocks.back() ? class_token : Block::Keep());
    }
    x = ln_post(at_class ? x.select(1, 0) : x.slice(1, 1));
    return (at_class ? x : x.mean(1)).matmul(proj);
}

Tensor VisionTower::patches(const Tensor& pixels, DenseAttention attention) const {
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
    return ln_post(x.slice(1, 1)).matmul(proj);
}

}  // namespace lip::model
