// What of an image texts ask, and how: mixture tokens (Llip), patches (FLAIR). Its projections.
#pragma once

#include "model/config.h"
#include "model/parameters.h"
#include "model/transformer.h"

#include <ATen/core/Tensor.h>

namespace lip::model {

struct MixtureFeatures {
    at::Tensor keys, values;  // [B, K, embed_dim], any length; K of patches has the empty one last
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

    // Llip: h [B, K, vision width], of ImageFeatures::pooled, of models that texts ask, or one
    // query. FLAIR: patches [B, P, embed_dim], of ImageFeatures; K = P + 1, and the last has a key
    // and a value of 0.
    MixtureFeatures of_images(const at::Tensor& h) const;
    // g [N, text width], of TextTower::features, and its projection [N, embed_dim] -> [N,
    // embed_dim]. Of models that texts ask.
    at::Tensor query(const at::Tensor& g, const at::Tensor& projected) const;
    // Llip: unit vectors [B, embed_dim] that depend on no text: what config.mixing says, or the
    // uniform vector of a model that texts ask.
    at::Tensor vector(const at::Tensor& h) const;
    // FLAIR: what a patch alone would give to a text that asks for nothing else, W_O (W_V LN(p) +
    // b_V) + b_O [B, P, embed_dim], any length.
    at::Tensor patch_values(const at::Tensor& patches) const;
    // W_O in the precision of the features, and b_O of FLAIR, undefined of Llip.
    const at::Tensor& output() const { return output_projection.weight; }
    const at::Tensor& output_bias() const { return output_projection.bias; }

    LlipConfig config;
    bool of_patches;  // FLAIR's
    std::int64_t heads;
    Linear query_projection, key_projection, value_projection, output_projection;
    at::Tensor learned_query;         // [embed_dim], with mixing=learned only
    LayerNorm image_norm, text_norm;  // with layer_norm only; of patches text_norm always
    LayerNorm key_norm, value_norm;   // of patches only
    at::Tensor log_temperature;       // with learn_temperature only, else undefined

private:
    void make_of_patches(Parameters& parameters, const ModelConfig& model);
    at::Tensor values_of(const at::Tensor& normed) const;
    at::Tensor divided_by_temperature(const at::Tensor& query) const;
    at::Tensor normed(const at::Tensor& h) const { return config.layer_norm ? image_norm(h) : h; }

    double fixed_temperature_;
};

}  // namespace lip::model
