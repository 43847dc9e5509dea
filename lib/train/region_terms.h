// The regions' part of a step: boxes against phrases, and phrases against boxes (CLOC).
#pragma once

#include "tensor/group.h"
#include "train/parts.h"
#include "train/step.h"

#include <ATen/core/Tensor.h>

#include <vector>

namespace lip::train {

// Of one step. Keeps references to all that it is given.
class RegionTerms {
public:
    // `phrase_place` as of divide(). Without a Prompter, or where no rank has a region, any() is
    // false and nothing else may be called.
    RegionTerms(const model::LanguageImageModel& model, const Batch& batch,
                const StepSettings& settings, const tensor::Group& ranks,
                const at::Tensor& phrase_place);

    bool any() const { return regions_ > 0; }

    // Features of a part's boxes, and of its phrases. `for_backward`: what grounding needs, too.
    void embed_boxes(Part& part, const model::ImageFeatures& features, bool for_backward) const;
    void embed_phrases(Part& part) const;

    // The contrast of all regions with all phrases, with its gradient at their features.
    void contrast(const std::vector<Part>& parts, StepLoss& result);

    // The phrases' features in the places of their regions [B·M, D]; constants.
    at::Tensor phrases() const { return at_regions(f_.detach()); }
    // What the loss's gradient starts from in each part: of its boxes, of its phrases.
    std::vector<at::Tensor> box_seeds(const std::vector<Part>& parts) const;
    std::vector<at::Tensor> phrase_seeds(const std::vector<Part>& parts) const;

    bool is_grounded() const { return grounding_weight() != 0; }
    double grounding_weight() const;
    // Where the phrases() of the part's regions are found, as the part's grounding_loss.
    void ground(Part& part, const at::Tensor& phrases) const;
    // Once all parts are grounded: the losses, and the gradient of their phrases.
    void add(std::vector<Part>& parts, StepLoss& result);

private:
    at::Tensor at_regions(const at::Tensor& f) const;

    const model::LanguageImageModel& model_;
    const Batch& batch_;
    const StepSettings& settings_;
    const tensor::Group& ranks_;
    c10::Device device_;
    double regions_ = 0, weight_ = 0;  // of all ranks: how many; of their losses
    at::Tensor phrase_place_, phrase_rows_;
    at::Tensor z_, f_;  // leaves: of boxes [B, M, D] and phrases [R, D], rows by length
};

}  // namespace lip::train
