// What --method chooses: defaults and the loss of a batch. A new method is one line of the table.
#pragma once

#include "model/language_image_model.h"
#include "train/data.h"

#include <ATen/core/Tensor.h>

#include <span>
#include <string>
#include <string_view>

namespace lip::train {

struct Method {
    std::string_view name;
    std::string_view summary;
    std::int64_t texts_per_image;  // defaults of the method
    bool sentences;
    // Makes the configuration fit, e.g. siglip's bias.
    void (*configure)(model::ModelConfig& config);
    // v [B, D] and t [B, K, D] unit vectors, valid [B, K]: the loss, a scalar with gradient.
    at::Tensor (*loss)(const model::LanguageImageModel& model, const at::Tensor& v,
                       const at::Tensor& t, const at::Tensor& valid);
};

std::span<const Method> methods();
// Throws UsageError for an unknown name.
const Method& find_method(std::string_view name);

}  // namespace lip::train
