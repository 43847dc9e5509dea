// A vector for each box of an image: asked of the model's Prompter, averaged over the patches under
// it, or of the box cut out as an image of its own.
#pragma once

#include "eval/embedder.h"
#include "eval/image_batches.h"
#include "eval/region_mode.h"

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <vector>

namespace lip::eval {

struct RegionPlace {
    std::size_t item;    // of the batch
    std::size_t region;  // of its record
};

struct RegionVectors {
    std::vector<RegionPlace> places;  // of all boxes, in the order of the records
    at::Tensor vectors;               // [R, D] of unit length, fp32 on the CPU
};

// One thread at a time.
class RegionEmbedder {
public:
    // Throws DataError, naming the model, if it cannot be asked that way.
    RegionEmbedder(const Embedder& embedder, RegionMode mode, std::int64_t batch_size);

    RegionMode mode() const { return mode_; }  // never kAuto
    // Of a batch whose ImageBatches took regions_in(mode()).
    RegionVectors operator()(const ImageBatch& batch) const;
    // The same by the Prompter, of images that were encoded before.
    RegionVectors operator()(const ImageBatch& batch, const model::ImageMemory& images) const;

    // That, and where the head of the model's Prompter finds a text for each of the boxes, in
    // fractions of the image, not clipped. `texts` [R, D] are of Embedder::text_features, in the
    // order of the places.
    struct Grounded {
        RegionVectors regions;
        std::vector<image::UnitBox> found;
    };
    Grounded ground(const ImageBatch& batch, const model::ImageMemory& images,
                    const at::Tensor& texts) const;

private:
    at::Tensor of_prompter(const ImageBatch& batch, const model::ImageMemory& images) const;
    void check_finite(const at::Tensor& numbers, const ImageBatch& batch) const;
    at::Tensor of_patches(const ImageBatch& batch) const;
    at::Tensor of_crops(const ImageBatch& batch) const;
    // The batch's boxes in the square that the model sees [B, M, 4], M the most of an image; the
    // rows of all that there are in [B * M]; and these rows of `all` [B, M, ...], on the CPU.
    at::Tensor boxes(const ImageBatch& batch) const;
    static at::Tensor rows(const ImageBatch& batch);
    static at::Tensor at_boxes(const at::Tensor& all, const ImageBatch& batch);

    const Embedder& embedder_;
    RegionMode mode_;
    std::size_t batch_size_;
    mutable bool warned_ = false;  // of a box that the model does not see
};

// What ImageBatches must bring beside whole images.
inline RegionPixels regions_in(RegionMode mode) {
    return mode == RegionMode::kCrop ? RegionPixels::kCrops : RegionPixels::kNone;
}

// Where a box of an image lies in the square that the model sees.
image::UnitBox box_in_square(const model::ModelConfig& config, const image::UnitBox& box,
                             const ImageSize& size);

// And back, in fractions of the image.
image::UnitBox box_from_square(const model::ModelConfig& config, const image::UnitBox& box,
                               const ImageSize& size);

// Where a box that a model's head gave, its corners in any order, lies in an image.
image::UnitBox box_of_head(const model::ModelConfig& config, const float corners[4],
                           const ImageSize& size);

// The word for it in options and summaries.
const char* name_of(RegionMode mode);

}  // namespace lip::eval
