#include "train/methods.h"

#include "cli/error.h"
#include "loss/clip.h"
#include "loss/multi_positive.h"
#include "loss/sigmoid.h"

#include <ATen/ATen.h>

#include <cmath>

namespace lip::train {
namespace {

using at::Tensor;
using model::LanguageImageModel;

Tensor clip(const LanguageImageModel& m, const Tensor& v, const Tensor& t, const Tensor&) {
    return loss::clip_loss(v, t.select(1, 0), m.log_scale);
}

Tensor siglip(const LanguageImageModel& m, const Tensor& v, const Tensor& t, const Tensor&) {
    return loss::sigmoid_loss(v, t.select(1, 0), m.log_scale, m.logit_bias);
}

Tensor dreamlip(const LanguageImageModel& m, const Tensor& v, const Tensor& t,
                const Tensor& valid) {
    return loss::multi_positive_slots(v, t, valid, m.log_scale);
}

void nothing(model::ModelConfig&) {}

void with_bias(model::ModelConfig& config) {
    config.has_logit_bias = true;
    config.init_logit_scale = std::log(10.0);
}

constexpr Method kMethods[] = {
    {"clip", "one text an image, symmetric contrastive loss", 1, false, nothing, clip},
    {"siglip", "one text an image, sigmoid loss over all pairs", 1, false, with_bias, siglip},
    {"dreamlip", "K sub-captions an image, multi-positive contrastive loss", 8, true, nothing,
     dreamlip},
};

}  // namespace

std::span<const Method> methods() {
    return kMethods;
}

const Method& find_method(std::string_view name) {
    for (const Method& method : kMethods)
        if (method.name == name) return method;
    throw cli::UsageError("--method: '" + std::string(name) + "' is unknown");
}

}  // namespace lip::train
