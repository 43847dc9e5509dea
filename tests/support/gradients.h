// Made-up inputs of losses, and gradients by central differences.
#pragma once

#include "tensor/math.h"
#include "tests/support/golden.h"

#include <ATen/ATen.h>

#include <functional>

namespace lip::test {

// Unit vectors in float64.
inline at::Tensor random_unit(at::IntArrayRef shape, std::uint64_t seed) {
    const at::Generator generator = at::detail::createCPUGenerator(seed);
    return tensor::unit(at::randn(shape, generator, at::TensorOptions(at::kDouble)));
}

inline at::Tensor leaf(const at::Tensor& x) {
    return x.detach().clone().requires_grad_(true);
}

inline at::Tensor scalar(double value) {
    return at::scalar_tensor(value, at::kDouble);
}

// Largest difference between the gradient of `f` at x and central differences.
inline double gradient_error(const std::function<at::Tensor(const at::Tensor&)>& f,
                             const at::Tensor& x) {
    const at::Tensor at_x = leaf(x);
    f(at_x).backward();
    at::Tensor numeric = at::zeros_like(x).flatten();
    constexpr double kStep = 1e-5;
    for (std::int64_t i = 0; i < x.numel(); ++i) {
        const auto moved = [&](double by) {
            at::Tensor y = x.detach().clone();
            y.flatten()[i] += by;
            return f(y).item<double>();
        };
        numeric[i] = (moved(kStep) - moved(-kStep)) / (2 * kStep);
    }
    return difference(at_x.grad(), numeric.view(x.sizes()));
}

}  // namespace lip::test
