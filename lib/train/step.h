// Forward and backward pass of a batch.
#pragma once

#include "tensor/group.h"
#include "train/methods.h"

#include <optional>

namespace lip::train {

// Losses of a step, scalars that looking at waits for.
struct StepLoss {
    at::Tensor total;
    // Its parts, without their weights; undefined if it has one part.
    at::Tensor global, local, region, grounding, distill;
    // Share of the pairs of this rank's regions that the filter left out; of steps with regions.
    std::optional<double> filtered;
};

struct StepSettings {
    at::ScalarType precision = at::kFloat;
    // Keeps the activations of a part of the batch at a time and computes them twice: the loss and
    // its gradients are those of the whole batch all the same.
    bool recompute = false;
    // Images of a part; 0: 16 on the CPU, on another device the whole batch.
    std::int64_t part_images = 0;
    const tensor::Group* ranks = nullptr;  // each with a batch of the same size; null: alone
    // Texts of other ranks come one rank's at a time, rather than all at once. Only of methods
    // whose own_images_suffice.
    bool ring = false;
    // Whose matches of images and texts are to be kept, with this weight (loss/distill.h); null:
    // nobody's. Takes the batch's token ids. On the model's device.
    const model::LanguageImageModel* teacher = nullptr;
    double distill_weight = 1;
};

// Adds the gradients of the method's loss to the model's parameters and returns the loss. With
// several ranks these are of the joined batch of all: features are gathered, each rank computes the
// terms of its own images, and gradients are summed, those of the image tower while the text
// tower's are computed. Patches stay where they are (DreamLIP's losses over ranks:
// doc/dreamlip.md). On the CPU the towers run on parts of the images and their texts, side by side,
// a part to a thread: that needs no barrier in every layer, stays in the cache, and adds gradients
// up in the order of the parts. So the result does not depend on the number of threads, up to twice
// as many as there are parts and 512 images in a batch; beyond, threads share each matrix product
// and may round differently. Memory: activations of the whole batch (with `recompute` of a part a
// thread), and as many sets of gradients as threads.
StepLoss forward_backward(const Method& method, const model::LanguageImageModel& model,
                          const Batch& batch, const StepSettings& settings);

}  // namespace lip::train
