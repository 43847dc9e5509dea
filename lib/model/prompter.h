// CLOC's Prompter: image tokens and a box, or a phrase, give the vector of a region.
#pragma once

#include "model/box_encoding.h"
#include "model/config.h"
#include "model/parameters.h"
#include "model/transformer.h"

#include <ATen/core/Tensor.h>

namespace lip::model {

// An encoder layer with one head and a final norm behind it.
struct PromptLayer {
    PromptLayer() = default;
    PromptLayer(Parameters& parameters, const std::string& name, std::int64_t width);

    LayerNorm ln_1, ln_2, ln_f;
    Linear query, key, value, out;
    Mlp mlp;
};

// What all prompts of an image share.
struct ImageMemory {
    at::Tensor tokens;       // [B, P, W], with positions unless they are off
    at::Tensor normed = {};  // behind the norm of the boxes' layer; undefined if nothing attends
    at::Tensor text_normed = {};  // the same ones unless phrases have a layer of their own
};

// CLOC (ICML 2025), sections 3.1 and 3.2; what it leaves open is ClocConfig (doc/cloc.md):
//   X = [E; V]   X' = X + A(LN X) W_o   X'' = X' + MLP(LN X')   u = mean of rows of LN X''
// Rows of the prompt only: the layer's matrices meet these rows alone, none the image's tokens.
struct Prompter {
    Prompter(Parameters& parameters, const ModelConfig& config);

    // tokens [B, P, W] as ClocConfig.tokens says.
    ImageMemory image_memory(const at::Tensor& tokens) const;
    // Boxes [B, M, 4] as (x0, y0, x1, y1) within 0..1 of the square -> unit vectors [B, M,
    // embed_dim], fp32.
    at::Tensor regions(const ImageMemory& image, const at::Tensor& boxes) const;
    // Phrases [B, M, embed_dim], of TextTower::pooled, not of unit length -> where they are
    // [B, M, 4], fp32. Of a Prompter that has_head().
    at::Tensor boxes(const ImageMemory& image, const at::Tensor& phrases) const;
    // The same prompts read as regions are: unit vectors [B, M, embed_dim], fp32.
    at::Tensor regions_of_phrases(const ImageMemory& image, const at::Tensor& phrases) const;
    bool has_head() const { return head.in.weight.defined(); }

    // u [B, M, W]; prompts of both kinds [B, M, n, W].
    at::Tensor of_boxes(const ImageMemory& image, const at::Tensor& boxes) const;
    at::Tensor of_phrases(const ImageMemory& image, const at::Tensor& phrases) const;
    at::Tensor box_prompts(const at::Tensor& boxes) const;
    at::Tensor phrase_prompts(const at::Tensor& phrases) const;
    // roi_weights of all tokens [B, M, P]; 0 for one that is no patch.
    at::Tensor patch_weights(const ImageMemory& image, const at::Tensor& boxes) const;

    ClocConfig config;
    PositionEncoding positions;
    std::int64_t width;
    at::Tensor corner;  // [1 or 2, W]: which corner a token is
    Linear phrase_in;   // embed_dim -> W
    LayerNorm phrase_norm;
    PromptLayer box_layer, phrase_layer;  // the same tensors unless prompter=separate
    at::Tensor output;                    // W_z [embed_dim, W]
    Mlp head;
};

}  // namespace lip::model
