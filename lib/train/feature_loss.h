// The method's loss of the features of a batch, which all ranks share: where the graphs of the
// towers end and the loss's begins.
#pragma once

#include "tensor/group.h"
#include "train/methods.h"

#include <ATen/core/Tensor.h>

namespace lip::train {

struct FeatureLoss {
    const Method& method;
    const model::LanguageImageModel& model;
    const Batch& batch;  // of this rank
    const tensor::Group& ranks;
    double weight;     // of the loss, in the gradients alone
    double all_valid;  // texts of all ranks
    bool ring;         // StepSettings::ring
};

// v [B, ...] and t [B K, ...] are leaves, in the order of the batch where `place` [B K] says which
// row of t a text has. Returns the loss of the joined batch, without its graph, and leaves in v and
// t the gradients of all ranks' shares of it.
at::Tensor loss_of_features(const FeatureLoss& of, at::Tensor& v, at::Tensor& t,
                            const at::Tensor& place);

}  // namespace lip::train
