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

// Features of a batch: those of all ranks, in their order.
struct BatchFeatures {
    at::Tensor v, t;      // [B, D], [B, K, D] unit vectors
    at::Tensor valid;     // [B, K]
    at::Tensor text_ids;  // [B, K] int64, equal where texts are; undefined if nothing asks for them
    std::int64_t own_begin = 0, own_end = -1;  // this rank's images; -1: to the last
};

struct Method {
    std::string_view name;
    std::string_view summary;
    std::int64_t texts_per_image;  // defaults of the method
    bool sentences;
    // Makes the configuration fit, e.g. siglip's bias.
    void (*configure)(model::ModelConfig& config);
    // The share of the batch's loss that the own images have, a scalar with gradient: the shares of
    // all ranks add up to the loss.
    at::Tensor (*loss)(const model::LanguageImageModel& model, const BatchFeatures& batch);
    // The weight of that loss, and of the patches'; null: 1 and no loss of patches.
    double (*loss_weight)(const model::ModelConfig& config);
    double (*patch_weight)(const model::ModelConfig& config);
    PatchLoss patch_loss;
};

std::span<const Method> methods();
// Throws UsageError for an unknown name.
const Method& find_method(std::string_view name);

}  // namespace lip::train
