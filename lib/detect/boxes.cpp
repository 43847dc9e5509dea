#include "detect/boxes.h"

#include <algorithm>

namespace lip::detect {

std::vector<Detection> select(const std::vector<Detection>& found, const Selection& selection,
                              int width, int height) {
    const double longer = std::max(width, height);
    const double share = width / longer * (height / longer);  // the image's of the square
    std::vector<Detection> candidates;
    for (const Detection& one : found) {
        if (!(one.score > selection.min_score)) continue;
        const Box box = image::clipped(one.box);
        const double size = image::area(box);
        if (size > 0 && size * share >= selection.min_area)
            candidates.push_back({box, one.phrase, one.score});
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Detection& a, const Detection& b) { return a.score > b.score; });
    std::vector<Detection> kept;
    for (const Detection& one : candidates) {
        if (static_cast<std::int64_t>(kept.size()) >= selection.max_boxes) break;
        const auto covers = [&](const Detection& better) {
            return better.box == one.box || (better.phrase == one.phrase &&
                                             image::iou(better.box, one.box) > selection.nms_iou);
        };
        if (std::none_of(kept.begin(), kept.end(), covers)) kept.push_back(one);
    }
    return kept;
}

}  // namespace lip::detect
