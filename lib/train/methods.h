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

// Features of a batch, of all ranks in their order.
struct BatchFeatures {
    at::Tensor v;         // [B, ...] of images; where own_images_suffice of this rank's only
    at::Tensor t, valid;  // [B, K, ...] of texts; [B, K]
    at::Tensor text_ids;  // [B, K] int64, equal where texts are; undefined if nothing asks for them
    // This rank's images among those of t; -1: to the last.
    std::int64_t own_begin = 0, own_end = -1;
    // Where own_images_suffice and t are some of the batch's texts only: how many valid ones it
    // has. Then own images may lie outside of t. 0: t are all.
    std::int64_t count = 0;
};

struct Method {
    std::string_view name;
    std::string_view summary;
    std::int64_t texts_per_image = 1;  // defaults of the method
    bool many_texts = false;           // takes more than one text an image
    bool sentences = false;
    bool regions = false;  // and boxes
    // Makes the configuration fit its settings, e.g. siglip's bias.
    void (*configure)(model::ModelConfig& config) = nullptr;
    // The share of the batch's loss that the own images have, a scalar with gradient: the shares of
    // all ranks add up to the loss.
    at::Tensor (*loss)(const model::LanguageImageModel& model,
                       const BatchFeatures& batch) = nullptr;
    // Features of images [b, ...] (from ImageFeatures::pooled) and texts [n, ...] that the loss is
    // of; null: unit vectors.
    at::Tensor (*image_features)(const model::LanguageImageModel& model,
                                 const at::Tensor& pooled) = nullptr;
    at::Tensor (*text_features)(const model::LanguageImageModel& model,
                                const model::PackedTexts& texts) = nullptr;
    // A share of the loss needs the own images and all texts, which may come some at a time.
    bool own_images_suffice = false;
    // The weight of that loss, and of the patches'; null: 1 and no loss of patches.
    double (*loss_weight)(const model::ModelConfig& config) = nullptr;
    double (*patch_weight)(const model::ModelConfig& config) = nullptr;
    PatchLoss patch_loss = nullptr;
};

std::span<const Method> methods();
// Throws UsageError for an unknown name.
const Method& find_method(std::string_view name);

}  // namespace lip::train
