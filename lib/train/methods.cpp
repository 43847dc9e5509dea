#include "train/methods.h"

#include "cli/error.h"
#include "loss/grouping.h"
#include "loss/llip.h"
#include "loss/local.h"
#include "loss/multi_positive.h"
#include "loss/sigmoid.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <stdexcept>

namespace lip::train {
namespace {

using at::Tensor;
using model::LanguageImageModel;

Tensor clip(const LanguageImageModel& m, const BatchFeatures& b) {
    // CLIP's loss is the multi-positive one with one text an image.
    return loss::multi_positive(b.v, b.t.slice(1, 0, 1), {}, m.log_scale,
                                {.own_begin = b.own_begin, .own_end = b.own_end});
}

Tensor siglip(const LanguageImageModel& m, const BatchFeatures& b) {
    return loss::multi_positive_sigmoid(b.v, b.t, b.valid, m.log_scale, m.logit_bias,
                                        {.own_begin = b.own_begin, .count = b.count});
}

// Keys and values [b, K, 2 D]; one vector of the image where no text asks for others.
Tensor mixture(const LanguageImageModel& m, const model::ImageFeatures& features) {
    if (!m.config.is_text_conditioned()) return m.readout->vector(features.pooled);
    const model::MixtureFeatures f = m.mixture_of(features);
    return at::cat({f.keys, f.values}, -1);
}

// Queries and targets [n, 2 D].
Tensor queries(const LanguageImageModel& m, const model::PackedTexts& texts) {
    if (!m.config.is_text_conditioned()) return m.embed_texts(texts);
    const model::QueryFeatures f = m.embed_queries(texts);
    return at::cat({f.query, f.target}, -1);
}

// The sigmoid loss of images [b, K, 2 D] that every text mixes anew.
Tensor text_conditioned(const LanguageImageModel& m, const BatchFeatures& b, const Tensor& v) {
    const auto images = v.chunk(2, -1), texts = b.t.flatten(0, 1).chunk(2, -1);
    // The model has divided the queries by the temperature.
    return loss::llip_loss({.q = texts[0],
                            .keys = images[0],
                            .values = images[1],
                            .output = m.readout->output(),
                            .targets = texts[1],
                            .output_bias = m.readout->output_bias()},
                           b.valid.flatten(), m.log_scale, m.logit_bias,
                           {.heads = m.readout->heads,
                            .tau = 1,
                            .texts_per_image = b.t.size(1),
                            .own_begin = b.own_begin,
                            .count = b.count,
                            .drawn = b.drawn,
                            .images = b.images});
}

Tensor llip(const LanguageImageModel& m, const BatchFeatures& b) {
    if (!m.config.is_text_conditioned()) return siglip(m, b);
    return text_conditioned(m, b, b.v);
}

// The same of patches [b, P + 1, 2 D], and in a last row the image's own vector and zeros.
Tensor patches_and_vector(const LanguageImageModel& m, const model::ImageFeatures& features) {
    const auto found = m.conditioned(features);
    const Tensor vector = at::constant_pad_nd(found.vectors, {0, m.config.embed_dim});
    return at::cat({at::cat({found.mixture.keys, found.mixture.values}, -1), vector.unsqueeze(1)},
                   1);
}

// L = w_tcs TCS + w_mps MPS (doc/flair.md).
Tensor flair(const LanguageImageModel& m, const BatchFeatures& b) {
    const std::int64_t last = b.v.size(1) - 1, d = m.config.embed_dim;
    const Tensor vectors = b.v.select(1, last).slice(-1, 0, d), targets = b.t.slice(-1, d);
    const Tensor tcs = text_conditioned(m, b, b.v.slice(1, 0, last));
    const Tensor mps =
        loss::multi_positive_sigmoid(vectors, targets, b.valid, m.log_scale, m.logit_bias,
                                     {.own_begin = b.own_begin, .count = b.count});
    return m.config.flair.tcs_weight * tcs + m.config.flair.mps_weight * mps;
}

bool draws_negatives(const model::ModelConfig& config) {
    return config.flair.negatives == "drawn";
}

Tensor dreamlip(const LanguageImageModel& m, const BatchFeatures& b) {
    const std::string& positives = m.config.dreamlip.positives;
    if (positives == "sigmoid") {
        const std::int64_t end = b.own_end < 0 ? b.v.size(0) : b.own_end;
        return loss::multi_positive_sigmoid(b.v.slice(0, b.own_begin, end), b.t, b.valid,
                                            m.log_scale, m.logit_bias, {.own_begin = b.own_begin});
    }
    return loss::multi_positive(b.v, b.t, b.valid, m.log_scale,
                                {.positives = positives == "slots" ? loss::Positives::kSlots
                                              : positives == "all" ? loss::Positives::kAll
                                                                   : loss::Positives::kLse,
                                 .text_ids = b.text_ids,
                                 .own_begin = b.own_begin,
                                 .own_end = b.own_end});
}

Tensor local_log_scale(const LanguageImageModel& m) {
    const model::DreamlipConfig& d = m.config.dreamlip;
    if (d.local_scale == "fixed")
        return at::full({}, std::log(d.fixed_local_scale), m.log_scale.options());
    return m.local_log_scale.defined() ? m.local_log_scale : m.log_scale;
}

Tensor dreamlip_groups(const LanguageImageModel& m, const Tensor& u, const Tensor& t) {
    const model::DreamlipConfig& d = m.config.dreamlip;
    return loss::group_patches(
               t, u,
               {.sigma = d.local_threshold < 0 ? std::nullopt : std::optional(d.local_threshold),
                .softmax = d.local_norm == "softmax",
                .stop_gradient = d.stop_grad_weights})
        .features;
}

Tensor local_of_images(const LanguageImageModel& m, const Tensor& g, const Tensor& t,
                       const Tensor& valid, double all_valid) {
    const model::DreamlipConfig& d = m.config.dreamlip;
    loss::Local options;
    options.direction = d.local_direction == "t2g"   ? loss::LocalDirection::kT2g
                        : d.local_direction == "g2t" ? loss::LocalDirection::kG2t
                                                     : loss::LocalDirection::kBoth;
    if (d.local_filter > 0) options.filter = d.local_filter;
    return loss::local_sum(g, t, valid, local_log_scale(m), options) / std::max(all_valid, 1.0);
}

bool is_local_of_batch(const model::ModelConfig& config) {
    return config.dreamlip.local_negatives == "batch";
}

Tensor local_of_batch(const LanguageImageModel& m, const Tensor& g, const Tensor& t,
                      const Tensor& valid, std::int64_t own_begin, std::int64_t own_end) {
    return loss::local_batch(g, t, valid, local_log_scale(m),
                             {.own_begin = own_begin, .own_end = own_end});
}

double global_weight(const model::ModelConfig& config) {
    return config.dreamlip.global_weight;
}

double local_weight(const model::ModelConfig& config) {
    return config.dreamlip.local_weight;
}

void nothing(model::ModelConfig&) {}

void with_bias(model::ModelConfig& config) {
    config.has_logit_bias = true;
    config.init_logit_scale = std::log(10.0);
}

// As its authors began: CLIP's scale.
void with_bias_alone(model::ModelConfig& config) {
    config.has_logit_bias = true;
}

void with_bias_of_sigmoid(model::ModelConfig& config) {
    if (config.dreamlip.positives == "sigmoid") with_bias(config);
}

consteval MethodFacts facts(std::string_view name) {
    for (const MethodFacts& one : kMethodFacts)
        if (one.name == name) return one;
    throw "no such method";
}

constexpr Method kMethods[] = {
    {facts("clip"), {.configure = nothing, .loss = clip}},
    {facts("siglip"), {.configure = with_bias, .loss = siglip, .own_images_suffice = true}},
    {facts("dreamlip"),
     {.configure = with_bias_of_sigmoid,
      .loss = dreamlip,
      .loss_weight = global_weight,
      .patches = {.weight = local_weight,
                  .groups = dreamlip_groups,
                  .of_images = local_of_images,
                  .is_of_batch = is_local_of_batch,
                  .of_batch = local_of_batch}}},
    {facts("llip"),
     {.configure = with_bias,
      .loss = llip,
      .image_features = mixture,
      .text_features = queries,
      .own_images_suffice = true}},
    {facts("cloc"), {.configure = nothing, .loss = clip}},
    {facts("flair"),
     {.configure = with_bias_alone,
      .loss = flair,
      .image_features = patches_and_vector,
      .text_features = queries,
      .own_images_suffice = true,
      .reads_patches = true,
      .draws_negatives = draws_negatives}},
};
static_assert(std::size(kMethods) == std::size(kMethodFacts));

}  // namespace

std::span<const Method> methods() {
    return kMethods;
}

const Method& find_method(std::string_view name) {
    for (const Method& method : kMethods)
        if (method.name == name) return method;
    method_facts(name);  // throws
    throw std::logic_error("a method without losses");
}

}  // namespace lip::train
