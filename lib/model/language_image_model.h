// The two towers and the scale of their similarities: all methods share it.
#pragma once

#include "model/config.h"
#include "model/parameters.h"
#include "model/prompter.h"
#include "model/readout.h"
#include "model/text_tower.h"
#include "model/vision_tower.h"

#include <optional>

namespace lip::model {

// Throws DataError unless there is what DenseAttention::kHead reads.
void check_has_head(const ModelConfig& config);

// Not copyable: modules hold handles to its parameters. Const calls are safe from several threads.
class LanguageImageModel {
public:
    LanguageImageModel(const ModelConfig& config, std::optional<std::uint64_t> seed);
    LanguageImageModel(const LanguageImageModel&) = delete;
    LanguageImageModel& operator=(const LanguageImageModel&) = delete;

    // uint8 [B, 3, H, W] on any device -> normalised float on the model's device.
    at::Tensor normalize(const at::Tensor& pixels) const;
    // uint8 pixels -> unit vectors [B, embed_dim], fp32. Of a model that texts ask: the vector for
    // no text in particular, of Llip all mixture tokens alike, of FLAIR the pooled one.
    at::Tensor embed_images(const at::Tensor& pixels) const;
    // Of one pass, as VisionTower::features gives them: not of unit length.
    ImageFeatures encode_images(const at::Tensor& pixels, WantedFeatures wanted) const;
    // The unit vectors of embed_images, of what encode_images gave.
    at::Tensor image_vectors(const ImageFeatures& features) const;
    // -> unit vectors [B, P, embed_dim], fp32, row-major grid. Throws DataError for kHead of a
    // model whose texts do not ask the patches.
    at::Tensor embed_patches(const at::Tensor& pixels, DenseAttention attention) const;
    // -> unit vectors [N, embed_dim], fp32.
    at::Tensor embed_texts(const PackedTexts& texts) const;

    // Of a model with regions: what its Prompter asks.
    ImageMemory image_memory(const at::Tensor& pixels) const;

    // Of a model that texts ask, for loss::llip_loss and llip_scores with tau = 1: all fp32.
    MixtureFeatures embed_mixture(const at::Tensor& pixels) const;
    // The same of what encode_images(pixels, mixed_features()) gave.
    MixtureFeatures mixture_of(const ImageFeatures& features) const;
    WantedFeatures mixed_features() const { return {.patches = config.asks_patches()}; }
    // What is asked, with the images' unit vectors [B, embed_dim] that depend on no text.
    struct Conditioned {
        at::Tensor vectors;
        MixtureFeatures mixture;
    };
    Conditioned conditioned(const ImageFeatures& features) const;
    QueryFeatures embed_queries(const PackedTexts& texts) const;

    void to(c10::Device device) { parameters.to(device); }
    c10::Device device() const { return log_scale.device(); }

    // After every optimiser step: the scales stay within 1..100.
    void clamp_scale();

    // Floating point operations of one forward pass, matrix products only.
    double image_flops() const;
    double text_flops(std::int64_t tokens) const;
    // Of a text-conditioned model, as loss::llip_scores computes: scores of all pairs.
    double pair_flops(double images, double texts) const;

    ModelConfig config;
    Parameters parameters;
    VisionTower vision;
    TextTower text;
    std::optional<Readout> readout;    // llip and flair only
    at::Tensor log_scale;              // logit_scale, a scalar: the natural logarithm
    at::Tensor logit_bias;             // sigmoid losses only, else undefined
    at::Tensor local_log_scale;        // dreamlip with local_scale=separate only, else undefined
    std::optional<Prompter> prompter;  // with regions only
    at::Tensor region_log_scale;       // of their contrast: log_scale unless region_scale=own
};

}  // namespace lip::model
