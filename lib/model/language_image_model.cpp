#include "model/language_image_model.h"

#include "cli/error.h"
#include "tensor/math.h"

#include <ATen/ATen.h>

#include <cmath>

namespace lip::model {

using at::Tensor;
using tensor::unit;

LanguageImageModel::LanguageImageModel(const ModelConfig& c, std::optional<std::uint64_t> seed)
    : config(c),
      parameters(seed),
      vision(parameters, c),
      text(parameters, c),
      log_scale(parameters.add("logit_scale", {}, Init::constant(c.init_logit_scale))) {
    if (c.has_readout()) readout.emplace(parameters, c);
    if (c.has_logit_bias)
        logit_bias = parameters.add("logit_bias", {}, Init::constant(c.init_logit_bias));
    if (c.method == "dreamlip" && c.dreamlip.has_own_scale())
        local_log_scale =
            parameters.add("local_logit_scale", {}, Init::constant(c.init_logit_scale));
    if (!c.regions) return;
    prompter.emplace(parameters, c);
    region_log_scale =
        c.cloc.region_scale == "own"
            ? parameters.add("region_logit_scale", {}, Init::constant(c.init_logit_scale))
            : log_scale;
}

void check_has_head(const ModelConfig& config) {
    if (!config.asks_patches())
        throw cli::DataError(
            "--attention=head needs a model whose texts ask the patches (flair); the method of "
            "this model is " +
            config.method);
}

Tensor LanguageImageModel::normalize(const Tensor& pixels) const {
    const auto options = at::TensorOptions(at::kFloat).device(device());
    const auto channel = [&](const std::vector<double>& values) {
        return (at::tensor(values, at::TensorOptions(at::kFloat)) * 255)
            .view({1, 3, 1, 1})
            .to(options);
    };
    return (pixels.to(device()).to(at::kFloat) - channel(config.preprocess.mean)) /
           channel(config.preprocess.std);
}

Tensor LanguageImageModel::embed_images(const Tensor& pixels) const {
    return image_vectors(encode_images(pixels, {}));
}

ImageFeatures LanguageImageModel::encode_images(const Tensor& pixels, WantedFeatures wanted) const {
    return vision.features(normalize(pixels), wanted);
}

Tensor LanguageImageModel::image_vectors(const ImageFeatures& features) const {
    return config.has_mixture() ? readout->vector(features.pooled) : unit(features.pooled);
}

ImageMemory LanguageImageModel::image_memory(const Tensor& pixels) const {
    return prompter.value().image_memory(encode_images(pixels, {.tokens = true}).tokens);
}

Tensor LanguageImageModel::embed_patches(const Tensor& pixels, DenseAttention attention) const {
    if (attention == DenseAttention::kHead) {
        check_has_head(config);
        return unit(
            readout->patch_values(vision.patches(normalize(pixels), DenseAttention::kPlain)));
    }
    return unit(vision.patches(normalize(pixels), attention));
}

Tensor LanguageImageModel::embed_texts(const PackedTexts& texts) const {
    return unit(text.pooled(texts.to(device())));
}

MixtureFeatures LanguageImageModel::embed_mixture(const Tensor& pixels) const {
    return mixture_of(encode_images(pixels, mixed_features()));
}

MixtureFeatures LanguageImageModel::mixture_of(const ImageFeatures& features) const {
    const Readout& asked = readout.value();
    return asked.of_images(asked.of_patches ? features.patches : features.pooled);
}

LanguageImageModel::Conditioned LanguageImageModel::conditioned(
    const ImageFeatures& features) const {
    MixtureFeatures mixture = mixture_of(features);
    const Tensor vectors = readout->of_patches ? unit(features.pooled)
                                               : uniform_vector(mixture.values, readout->output());
    return {vectors, std::move(mixture)};
}

QueryFeatures LanguageImageModel::embed_queries(const PackedTexts& texts) const {
    const Tensor g = text.features(texts.to(device()));
    const Tensor projected = text.project(g);
    return {readout.value().query(g, projected), unit(projected)};
}

void LanguageImageModel::clamp_scale() {
    const at::NoGradGuard no_grad;
    log_scale.clamp_(0, std::log(100.0));
    if (local_log_scale.defined()) local_log_scale.clamp_(0, std::log(100.0));
    if (region_log_scale.defined()) region_log_scale.clamp_(0, std::log(100.0));
}

namespace {

// Per token: 2·(4w² + 2·ratio·w²) for the matrices, 4·L·w for the attention. Behind the attention
// of the last block only `read` tokens go on.
double tower_flops(std::int64_t layers, std::int64_t width, double ratio, double tokens,
                   double read) {
    const auto w = static_cast<double>(width);
    return static_cast<double>(layers) * tokens * ((8 + 4 * ratio) * w * w + 4 * tokens * w) -
           (tokens - read) * (2 + 4 * ratio) * w * w;
}

}  // namespace

double LanguageImageModel::image_flops() const {
    const VisionConfig& v = config.vision;
    const auto patches = static_cast<double>(v.grid() * v.grid()), w = static_cast<double>(v.width);
    const auto d = static_cast<double>(config.embed_dim);
    if (config.has_mixture()) {
        const auto tokens = static_cast<double>(config.llip.mixture_tokens);
        const double all = patches + tokens + (config.llip.class_token ? 1 : 0);
        return 2 * patches * 3 * static_cast<double>(v.patch_size * v.patch_size) * w +
               tower_flops(v.layers, v.width, v.mlp_ratio, all, tokens) +
               (config.llip.has_keys() ? 4 : 2) * tokens * w * d;
    }
    // Keys and values of the patches.
    const double asked = config.asks_patches() ? 4 * patches * d * d + 2 * patches * w * d : 0;
    const double towers =
        asked + 2 * patches * 3 * static_cast<double>(v.patch_size * v.patch_size) * w +
        tower_flops(v.layers, v.width, v.mlp_ratio, patches + 1,
                    v.pool_type == "tok" && !v.attentional_pool && !config.asks_patches()
                        ? 1
                        : patches + 1);
    if (!v.attentional_pool) return towers + 2 * w * d;
    // Keys and values of all tokens; in and out, attention and projection of each query.
    const auto queries = static_cast<double>(v.pool_type == "tok" ? 1 : v.attn_pooler_queries - 1);
    return towers + 4 * (patches + 1) * w * d + queries * (4 * d * d + 4 * (patches + 1) * d) +
           2 * d * d;
}

double LanguageImageModel::text_flops(std::int64_t tokens) const {
    const TextConfig& t = config.text;
    // The projection, and that of the query.
    const std::int64_t asking = config.asks_patches()          ? config.embed_dim
                                : config.is_text_conditioned() ? t.width
                                                               : 0;
    return tower_flops(t.layers, t.width, t.mlp_ratio, static_cast<double>(tokens), 1) +
           2 * static_cast<double>((t.width + asking) * config.embed_dim);
}

// W_O goes into the values of every head, K heads d (d / heads) an image; a pair is K d for the
// scores of the tokens and heads K d for the mixing.
double LanguageImageModel::pair_flops(double images, double texts) const {
    const std::int64_t grid = config.vision.grid();
    const auto d = static_cast<double>(config.embed_dim),
               k = static_cast<double>(config.asks_patches() ? grid * grid + 1
                                                             : config.llip.mixture_tokens),
               heads = static_cast<double>(readout.value().heads);
    return 2 * images * (k * d * d + texts * (k * d + heads * k * d));
}

}  // namespace lip::model
