#include "tensor/math.h"

#include <ATen/ATen.h>

namespace lip::tensor {

at::Tensor unit(const at::Tensor& x) {
    const at::Tensor wide = x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
    const at::Tensor square = (wide * wide).sum(/*dim=*/-1, /*keepdim=*/true);
    return wide * square.clamp_min(1e-24).rsqrt();
}

}  // namespace lip::tensor
