#include "model/box_encoding.h"

#include "record/keyed_rng.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace lip::model {

using at::Tensor;

namespace {

constexpr double kPi = std::numbers::pi;
constexpr std::int64_t kRoiBins = 7;

Tensor waves(const Tensor& angles) {  // [..., F] -> [..., 2F]
    return at::stack({angles.sin(), angles.cos()}, -1).flatten(-2);
}

// The same for every model: rows are normal draws of two.
Tensor random_directions(std::int64_t count, const at::TensorOptions& options) {
    record::KeyedRng rng(0, 0, record::Stream::kInit, "box_encoding.fourier");
    std::vector<double> numbers;
    for (std::int64_t i = 0; i < count; ++i) {
        const double radius = std::sqrt(-2 * std::log(1 - rng.uniform())),
                     angle = 2 * kPi * rng.uniform();
        numbers.push_back(radius * std::cos(angle));
        numbers.push_back(radius * std::sin(angle));
    }
    return at::tensor(numbers, at::TensorOptions(at::kDouble)).view({count, 2}).to(options);
}

}  // namespace

Tensor PositionEncoding::operator()(const Tensor& points, std::int64_t channels) const {
    const std::int64_t count = channels / 4;
    TORCH_CHECK(channels % 4 == 0, "channels of a place are a multiple of 4");
    if (kind == "fourier")
        return waves(points.matmul(random_directions(2 * count, points.options()).t()) * (2 * kPi));
    const double fastest = kind == "sinus" ? kPi * static_cast<double>(grid) : 2 * kPi;
    std::vector<double> speeds;
    for (std::int64_t f = 0; f < count; ++f)
        speeds.push_back(fastest /
                         std::pow(10000, static_cast<double>(f) / static_cast<double>(count)));
    const Tensor w = at::tensor(speeds, at::TensorOptions(at::kDouble)).to(points.options());
    return waves(points.unsqueeze(-1) * w).flatten(-2);
}

Tensor patch_centres(std::int64_t grid, const at::TensorOptions& options) {
    const Tensor middles =
        (at::arange(grid, at::TensorOptions(at::kDouble)) + 0.5) / static_cast<double>(grid);
    const auto yx = at::meshgrid({middles, middles}, "ij");
    return at::stack({yx[1], yx[0]}, -1).view({grid * grid, 2}).to(options);
}

Tensor roi_weights(const Tensor& boxes, std::int64_t grid) {
    const Tensor bins = (at::arange(kRoiBins, boxes.options()) + 0.5) / kRoiBins,
                 patches = at::arange(grid, boxes.options());
    // The shares of a side's patches in the samples along it: hats around the sample.
    const auto along = [&](std::int64_t axis) {
        const Tensor low = boxes.select(-1, axis).unsqueeze(-1),
                     high = boxes.select(-1, axis + 2).unsqueeze(-1);
        const Tensor at = ((low + bins * (high - low)) * static_cast<double>(grid) - 0.5)
                              .clamp(0, static_cast<double>(grid - 1));         // [..., bins]
        return (1 - (at.unsqueeze(-1) - patches).abs()).clamp_min(0).mean(-2);  // [..., grid]
    };
    return (along(1).unsqueeze(-1) * along(0).unsqueeze(-2)).flatten(-2);
}

}  // namespace lip::model
