// The few formulas that models and losses share.
#pragma once

#include <ATen/core/Tensor.h>

namespace lip::tensor {

// x / |x| along the last axis, in fp32 at least; a zero vector stays zero (and has no gradient).
at::Tensor unit(const at::Tensor& x);

}  // namespace lip::tensor
