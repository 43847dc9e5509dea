// How good a model with regions is at the boxes of images, as zeroshot(1), retrieve(1) and
// ground(1) say it.
#pragma once

#include "eval/classes.h"
#include "eval/classification.h"
#include "eval/grounding_accuracy.h"
#include "eval/region_embedder.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace lip::eval {

// Takes batches of images. Vectors of all regions are in memory, twice D numbers each. One thread
// at a time.
class RegionCheck {
public:
    // Keeps references. `classes` and `weights` may be null together. Requires a Prompter.
    RegionCheck(const Embedder& embedder, const Classes* classes, const ClassWeights* weights,
                std::int64_t batch_size);

    // `images` as of Embedder::embed_with_memory; not looked at where no image has a region.
    void add(const ImageBatch& batch, const model::ImageMemory& images);

    // Of what there was: mAcc over the regions whose label, or else text, is a class; r2t_recall@10
    // and t2r_recall@10 over those with a text, "regions" of them; acc@0.5 and mean_iou of a model
    // with a box head, over the regions that their text alone points at.
    std::vector<Metric> metrics() const;

private:
    void classify(const ImageBatch& batch, const RegionVectors& regions);
    void score_boxes(const ImageBatch& batch, const RegionEmbedder::Grounded& grounded);

    const Embedder& embedder_;
    const Classes* classes_;
    const ClassWeights* weights_;
    RegionEmbedder of_regions_;
    Classification classification_;
    std::vector<at::Tensor> vectors_, texts_;  // [., D], of regions with a text
    ImageScore overlap_;
};

}  // namespace lip::eval
