// What --method chooses: its facts, and the losses of a batch. A new method is a line of either
// table.
#pragma once

#include "model/language_image_model.h"
#include "train/data.h"
#include "train/method_facts.h"

#include <ATen/core/Tensor.h>

#include <span>
#include <string>
#include <string_view>

namespace lip::train {

// What a method makes of patches.
struct PatchLoss {
    double (*weight)(const model::ModelConfig& config) = nullptr;  // 0: patches are not computed
    // Patches u [b, P, D] grouped by the texts t [b, K, D] of their images, unit vectors all
    // -> [b, K, D].
    at::Tensor (*groups)(const model::LanguageImageModel& model, const at::Tensor& u,
                         const at::Tensor& t) = nullptr;
    // The loss of some images' groups g, valid [b, K]: added up over all images of a batch it is
    // the batch's loss. all_valid is the number of valid texts of the whole batch.
    at::Tensor (*of_images)(const model::LanguageImageModel& model, const at::Tensor& g,
                            const at::Tensor& t, const at::Tensor& valid,
                            double all_valid) = nullptr;
    // Where this says so, images are negatives of each other and the loss is the one below.
    bool (*is_of_batch)(const model::ModelConfig& config) = nullptr;
    // Groups, texts and valid of all ranks in their order; the share that the images
    // [own_begin, own_end) have in the batch's loss.
    at::Tensor (*of_batch)(const model::LanguageImageModel& model, const at::Tensor& g,
                           const at::Tensor& t, const at::Tensor& valid, std::int64_t own_begin,
                           std::int64_t own_end) = nullptr;
};

// Features of a batch, of all ranks in their order.
struct BatchFeatures {
    at::Tensor v;         // [B, ...] of images; where own_images_suffice of this rank's only
    at::Tensor t, valid;  // [B, K, ...] of texts; [B, K]
    at::Tensor text_ids;  // [B, K] int64, equal where texts are; undefined if nothing asks for them
    // [b, B] int64: of each image of t the one text that an own image is compared with; undefined
    // unless the method draws its negatives.
    at::Tensor drawn = {};
    // This rank's images among those of t; -1: to the last.
    std::int64_t own_begin = 0, own_end = -1;
    // Where own_images_suffice and t are some of the batch's texts only: how many valid ones it
    // has. Then own images may lie outside of t. 0: t are all.
    std::int64_t count = 0;
    std::int64_t images = 0;  // then also: how many images it has
};

struct MethodLosses {
    // Makes the configuration fit its settings, e.g. siglip's bias.
    void (*configure)(model::ModelConfig& config) = nullptr;
    // The share of the batch's loss that the own images have, a scalar with gradient: the shares of
    // all ranks add up to the loss.
    at::Tensor (*loss)(const model::LanguageImageModel& model,
                       const BatchFeatures& batch) = nullptr;
    // Features of images [b, ...] and texts [n, ...] that the loss is of; null: unit vectors.
    at::Tensor (*image_features)(const model::LanguageImageModel& model,
                                 const model::ImageFeatures& features) = nullptr;
    at::Tensor (*text_features)(const model::LanguageImageModel& model,
                                const model::PackedTexts& texts) = nullptr;
    // A share of the loss needs the own images and all texts, which may come some at a time.
    bool own_images_suffice = false;
    bool reads_patches = false;  // image_features reads ImageFeatures::patches
    // Whether a share reads BatchFeatures::drawn; null: no.
    bool (*draws_negatives)(const model::ModelConfig& config) = nullptr;
    double (*loss_weight)(const model::ModelConfig& config) = nullptr;  // null: 1
    PatchLoss patches = {};                                             // none without a weight
};

struct Method : MethodFacts, MethodLosses {};

std::span<const Method> methods();
// Throws UsageError for an unknown name.
const Method& find_method(std::string_view name);

}  // namespace lip::train
