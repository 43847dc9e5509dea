#include "train/methods.h"

#include "cli/error.h"
#include "loss/clip.h"
#include "loss/grouping.h"
#include "loss/local.h"
#include "loss/multi_positive.h"
#include "loss/sigmoid.h"

#include <ATen/ATen.h>

#include <cmath>

namespace lip::train {
namespace {

using at::Tensor;
using model::LanguageImageModel;

Tensor clip(const LanguageImageModel& m, const Tensor& v, const Tensor& t, const Tensor&,
            const Tensor&) {
    return loss::clip_loss(v, t.select(1, 0), m.log_scale);
}

Tensor siglip(const LanguageImageModel& m, const Tensor& v, const Tensor& t, const Tensor&,
              const Tensor&) {
    return loss::sigmoid_loss(v, t.select(1, 0), m.log_scale, m.logit_bias);
}

Tensor dreamlip(const LanguageImageModel& m, const Tensor& v, const Tensor& t, const Tensor& valid,
                const Tensor&) {
    return loss::multi_positive_slots(v, t, valid, m.log_scale);
}

Tensor dreamlip_patches(const LanguageImageModel& m, const Tensor& u, const Tensor& t,
                        const Tensor& valid, double all_valid) {
    const model::DreamlipConfig& d = m.config.dreamlip;
    const loss::Groups groups = loss::group_patches(
        t, u, {d.local_threshold, d.local_norm == "softmax", d.stop_grad_weights});
    const auto direction = d.local_direction == "t2g"   ? loss::LocalDirection::kTextToGroup
                           : d.local_direction == "g2t" ? loss::LocalDirection::kGroupToText
                                                        : loss::LocalDirection::kBoth;
    const Tensor fixed = d.local_scale == "fixed"
                             ? at::full({}, std::log(d.fixed_local_scale), t.options())
                             : Tensor();
    const Tensor log_scale = fixed.defined()               ? fixed
                             : m.local_log_scale.defined() ? m.local_log_scale
                                                           : m.log_scale;
    return loss::local_sum(groups.features, t, valid, log_scale, direction, d.local_filter) /
           std::max(all_valid, 1.0);
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

constexpr Method kMethods[] = {
    {"clip", "one text an image, symmetric contrastive loss", 1, false, nothing, clip, nullptr,
     nullptr, nullptr},
    {"siglip", "one text an image, sigmoid loss over all pairs", 1, false, with_bias, siglip,
     nullptr, nullptr, nullptr},
    {"dreamlip", "K sub-captions an image, multi-positive contrastive loss, and of patches", 8,
     true, nothing, dreamlip, global_weight, local_weight, dreamlip_patches},
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
