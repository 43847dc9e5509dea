// What --method chooses: defaults and the losses of a batch. A new method is one line of the table.
#pragma once

#include "model/language_image_model.h"
#include "train/data.h"

#include <ATen/core/Tensor.h>

#include <span>
#include <string>
#include <string_view>

namespace lip::train {

// The loss of some images' patches against texts of the same images: added up over all images of a
// batch it is the batch's loss. u [b, P, D] and t [b, K, D] unit vectors, valid [b, K];
// all_valid is the number of valid texts of the whole batch.
using PatchLoss = at::Tensor (*)(const model::LanguageImageModel& model, const at::Tensor& u,
                                 const at::Tensor& t, const at::Tensor& valid, double all_valid);

struct Method {
    std::string_view name;
    std::string_view summary;
    std::int64_t texts_per_image;  // defaults of the method
    bool sentences;
    // Makes the configuration fit, e.g. siglip's bias.
    void (*configure)(model::ModelConfig& config);
    // v [B, D] and t [B, K, D] unit vectors, valid [B, K]: the loss, a scalar with gradient.
    // text_ids [B, K] int64 are equal where texts are; undefined if nothing asks for them.
    at::Tensor (*loss)(const model::LanguageImageModel& model, const at::Tensor& v,
                       const at::Tensor& t, const at::Tensor& valid, const at::Tensor& text_ids);
    // The weight of that loss, and of the patches'; null: 1 and no loss of patches.
    double (*loss_weight)(const model::ModelConfig& config);
    double (*patch_weight)(const model::ModelConfig& config);
    PatchLoss patch_loss;
};

std::span<const Method> methods();
// Throws UsageError for an unknown name.
const Method& find_method(std::string_view name);

}  // namespace lip::train
