#include "model/positions.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace lip::model {
namespace {

using at::Tensor;

Tensor* table(tensor::NamedTensors& tensors, std::string_view name) {
    const auto found = std::ranges::find(tensors, name, &tensor::NamedTensors::value_type::first);
    return found == tensors.end() || found->second.dim() != 2 ? nullptr : &found->second;
}

// Row p of `count` rows is row p / r of the old ones, r = count / old: between two of them both
// count, and behind the last the line through the last two goes on.
Tensor spread(const Tensor& old, std::int64_t count) {
    const std::int64_t last = old.size(0) - 1;
    const Tensor place = at::arange(count, at::kDouble) * static_cast<double>(old.size(0)) /
                         static_cast<double>(count);
    const Tensor before =
        place.floor().clamp_max(static_cast<double>(std::max<std::int64_t>(last - 1, 0)));
    const Tensor share = (place - before).to(old.scalar_type()).unsqueeze(1);
    const Tensor row = before.to(at::kLong);
    return at::lerp(old.index_select(0, row), old.index_select(0, (row + 1).clamp_max(last)),
                    share);
}

}  // namespace

void fit_image_positions(tensor::NamedTensors& tensors, const VisionConfig& vision) {
    Tensor* value = table(tensors, "visual.positional_embedding");
    if (!value) return;
    const std::int64_t first = vision.class_token ? 1 : 0, grid = vision.grid();
    const std::int64_t there = value->size(0) - first;
    const auto side =
        static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(there))));
    if (there == grid * grid || side * side != there) return;
    const Tensor map =
        value->slice(0, first).view({1, side, side, value->size(1)}).permute({0, 3, 1, 2});
    const Tensor fitted = at::_upsample_bicubic2d_aa(map, {grid, grid}, /*align_corners=*/false);
    *value = at::cat({value->slice(0, 0, first), fitted.flatten(2).squeeze(0).t()});
}

void fit_text_positions(tensor::NamedTensors& tensors, std::int64_t length, Stretch stretch) {
    Tensor* value = table(tensors, "positional_embedding");
    if (!value || value->size(0) == length || length < 1) return;
    if (stretch == Stretch::kInterpolate) {
        const Tensor line = value->t().unsqueeze(0);
        *value = at::upsample_linear1d(line, {length}, /*align_corners=*/false)
                     .squeeze(0)
                     .t()
                     .contiguous();
    } else if (length < value->size(0)) {
        *value = value->slice(0, 0, length).contiguous();
    } else {
        const std::int64_t kept = std::min(kKeptPositions, value->size(0) - 1);
        *value = at::cat({value->slice(0, 0, kept), spread(value->slice(0, kept), length - kept)});
    }
}

}  // namespace lip::model
