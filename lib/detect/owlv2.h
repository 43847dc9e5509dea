// OWLv2: an open-vocabulary detector. A CLIP vision tower without pooling, whose every token says
// where a box is and how well each text fits it.
#pragma once

#include "model/config.h"
#include "model/parameters.h"
#include "model/text_tower.h"
#include "model/vision_tower.h"

#include <ATen/core/Tensor.h>

namespace lip::detect {

// Three linear layers with GELU between them.
struct ThreeLayers {
    model::Linear dense0, dense1, dense2;
    at::Tensor operator()(const at::Tensor& x) const;
};

// What reads the tokens. All of it in the type of its weights: keep autocast away.
struct Owlv2Heads {
    model::LayerNorm merge;
    model::Linear dense0, logit_shift, logit_scale;  // of the class head
    ThreeLayers box, objectness;

    // Tokens and class token behind the last norm, [B, P, D] and [B, D] -> features [B, P, D].
    at::Tensor features(const at::Tensor& tokens, const at::Tensor& class_token) const;
    // features [.., P, D] and text vectors [Q, d] of any length -> logits [.., P, Q]. Queries for
    // which `is_query` [Q] is false get the lowest finite number; undefined: all are queries.
    at::Tensor logits(const at::Tensor& features, const at::Tensor& queries,
                      const at::Tensor& is_query = {}) const;
    // -> [.., P, 4]: centre, width and height as fractions of the square; P = grid * grid by rows.
    at::Tensor boxes(const at::Tensor& features, std::int64_t grid) const;
    // -> logits [.., P]; no gradient goes back into the features.
    at::Tensor objectness_logits(const at::Tensor& features) const;
};

// What is added to the outputs of the box head: [grid * grid, 4] fp32 on the CPU. A token begins at
// the lower right corner of its cell, as large as a cell.
at::Tensor box_bias(std::int64_t grid);

// Not copyable: the towers hold handles to the parameters. Const calls are safe from several
// threads.
class Owlv2 {
public:
    // Requires a configuration as of read_owlv2_config().
    Owlv2(const model::ModelConfig& config, std::optional<std::uint64_t> seed);
    Owlv2(const Owlv2&) = delete;
    Owlv2& operator=(const Owlv2&) = delete;

    // Pixels as of owlv2_pixels() [B, 3, S, S], S any multiple of the patch size -> [B, P, D] fp32.
    at::Tensor features(const at::Tensor& pixels, at::ScalarType precision) const;
    // -> unit vectors [Q, d] fp32.
    at::Tensor queries(const model::PackedTexts& texts, at::ScalarType precision) const;

    void to(c10::Device device) { parameters.to(device); }
    c10::Device device() const { return heads.merge.weight.device(); }

    model::ModelConfig config;
    model::Parameters parameters;
    model::VisionTower vision;
    model::TextTower text;
    Owlv2Heads heads;
};

}  // namespace lip::detect
