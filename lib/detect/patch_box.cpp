#include "detect/patch_box.h"

#include <algorithm>

namespace lip::detect {

PatchBox box_of_patches(std::span<const float> cosines, std::int64_t rows, std::int64_t columns) {
    const auto [low, high] = std::minmax_element(cosines.begin(), cosines.end());
    const float least = *low + (*high - *low) / 2;
    const std::int64_t best = std::max_element(cosines.begin(), cosines.end()) - cosines.begin();
    std::vector<bool> taken(cosines.size());
    PatchBox out;
    out.patches.push_back(best);
    taken[static_cast<std::size_t>(best)] = true;
    std::int64_t left = columns, right = 0, top = rows, bottom = 0;
    for (std::size_t i = 0; i < out.patches.size(); ++i) {
        const std::int64_t patch = out.patches[i], x = patch % columns, y = patch / columns;
        left = std::min(left, x), right = std::max(right, x + 1);
        top = std::min(top, y), bottom = std::max(bottom, y + 1);
        const auto visit = [&](bool is_there, std::int64_t other) {
            const auto at = static_cast<std::size_t>(other);
            if (!is_there || taken[at] || !(cosines[at] >= least)) return;
            taken[at] = true;
            out.patches.push_back(other);
        };
        visit(x > 0, patch - 1);
        visit(x + 1 < columns, patch + 1);
        visit(y > 0, patch - columns);
        visit(y + 1 < rows, patch + columns);
    }
    std::sort(out.patches.begin(), out.patches.end());
    const auto w = static_cast<double>(columns), h = static_cast<double>(rows);
    out.box = {static_cast<double>(left) / w, static_cast<double>(top) / h,
               static_cast<double>(right) / w, static_cast<double>(bottom) / h};
    return out;
}

}  // namespace lip::detect
