// What a frozen teacher adds to a step: the loss of matching images and texts as it does.
#pragma once

#include "loss/distill.h"
#include "train/parts.h"
#include "train/step.h"

#include <ATen/core/Tensor.h>

#include <vector>

namespace lip::train {

// Of one step. Keeps references to the settings and ranks.
class TeacherTerms {
public:
    TeacherTerms(const StepSettings& settings, const tensor::Group& ranks)
        : teacher_(settings.teacher), settings_(settings), ranks_(ranks) {}

    bool any() const { return teacher_ != nullptr; }
    // How it takes texts; null without a teacher.
    const model::TextConfig* text() const { return teacher_ ? &teacher_->config.text : nullptr; }

    // The teacher's features of a part. Images are brought to its size.
    void embed(Part& part) const;

    // The loss of the joined batch, without its weight; adds its gradient, with it, at the leaves
    // of `student`: own images [b, D] and texts [b, K, D], and the scale. `place`: as in Parts.
    at::Tensor contrast(const std::vector<Part>& parts, const at::Tensor& place,
                        const loss::Matches& student, const at::Tensor& valid) const;

private:
    const model::LanguageImageModel* teacher_;
    const StepSettings& settings_;
    const tensor::Group& ranks_;
};

}  // namespace lip::train
