// How a Llip model's mixture tokens are asked by texts: its projections.
#pragma once

#include "model/config.h"
#include "model/parameters.h"
#include "model/transformer.h"

#include <ATen/core/Tensor.h>

namespace lip::model {

struct MixtureFeatures {
    at::Tensor keys, values;  // [B, K, embed_dim], any length
};

struct QueryFeatures {
    at::Tensor query;   // [N, embed_dim], any length, divided by the temperature
    at::Tensor target;  // [N, embed_dim], of unit length
};

// unit(W_O mean over k of values_ik) [B, D], of values [B, K, D] and W_O: the vector of an image
// that depends on no text, the limit for large tau.
at::Tensor uniform_vector(const at::Tensor& values, const at::Tensor& output);

// The mixing by texts is loss::llip_loss and llip_scores. The projection of the targets is the text
// tower's.
struct Readout {
    Readout(Parameters& parameters, const ModelConfig& config);

    // h [B, K, vision width], of VisionTower::mixture. Of models that texts ask, or one query.
    MixtureFeatures of_images(const at::Tensor& h) const;
    // g [N, text width], of TextTower::features, and its projection [N, embed_dim] -> [N,
    // embed_dim]. Of models that texts ask.
    at::Tensor query(const at::Tensor& g, const at::Tensor& projected) const;
    // Unit vectors [B, embed_dim] that depend on no text: what config.mixing says, or the uniform
    // vector of a model that texts ask.
    at::Tensor vector(const at::Tensor& h) const;
    // W_O in the precision of the features.
    const at::Tensor& output() const { return output_projection.weight; }

    LlipConfig config;
    Linear query_projection, key_projection, value_projection, output_projection;
    at::Tensor learned_query;         // [embed_dim], with mixing=learned only
    LayerNorm image_norm, text_norm;  // with layer_norm only
    at::Tensor log_temperature;       // with learn_temperature only, else undefined

private:
    at::Tensor values_of(const at::Tensor& normed) const;
    at::Tensor divided_by_temperature(const at::Tensor& query) const;
    at::Tensor normed(const at::Tensor& h) const { return config.layer_norm ? image_norm(h) : h; }

    double fixed_temperature_;
};

}  // namespace lip::model
