#include "detect/boxes.h"

#include <algorithm>

namespace lip::detect {

double area(const Box& box) {
    const double width = box[2] - box[0], height = box[3] - box[1];
    return width > 0 && height > 0 ? width * height : 0;
}

double iou(const Box& a, const Box& b) {
    const Box both = {std::max(a[0], b[0]), std::max(a[1], b[1]), std::min(a[2], b[2]),
                      std::min(a[3], b[3])};
    const double shared = area(both), joined = area(a) + area(b) - shared;
    return joined > 0 ? shared / joined : 0;
}

Box clipped(const Box& box) {
    Box out;
    for (std::size_t i = 0; i < 4; ++i) out[i] = std::clamp(box[i], 0.0, 1.0);
    return out;
}

std::vector<Detection> select(const std::vector<Detection>& found, const Selection& selection,
                              int width, int height) {
    const double longer = std::max(width, height);
    const double share = width / longer * (height / longer);  // the image's of the square
    std::vector<Detection> candidates;
    for (const Detection& one : found) {
        if (!(one.score > selection.min_score)) continue;
        const Box box = clipped(one.box);
        const double size = area(box);
        if (size > 0 && size * share >= selection.min_area)
            candidates.push_back({box, one.phrase, one.score});
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Detection& a, const Detection& b) { return a.score > b.score; });
    std::vector<Detection> kept;
    for (const Detection& one : candidates) {
        if (static_cast<std::int64_t>(kept.size()) >= selection.max_boxes) break;
        const auto covers = [&](const Detection& better) {
            return better.box == one.box ||
                   (better.phrase == one.phrase && iou(better.box, one.box) > selection.nms_iou);
        };
        if (std::none_of(kept.begin(), kept.end(), covers)) kept.push_back(one);
    }
    return kept;
}

}  // namespace lip::detect
