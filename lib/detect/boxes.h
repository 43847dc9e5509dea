// Which of the boxes that a detector finds are kept. Pure function; any thread.
#pragma once

#include "image/geometry.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lip::detect {

using Box = image::UnitBox;  // x0 y0 x1 y1, fractions of the image, y down

struct Detection {
    Box box{};
    std::size_t phrase = 0;  // number of its phrase, from 0
    double score = 0;
};

struct Selection {
    double min_score = 0.1;   // boxes with this score or less go
    double nms_iou = 0.5;     // so do those that overlap a better one of their phrase more; 1: none
    double min_area = 0.001;  // and smaller ones, as a share of the square on the long side
    std::int64_t max_boxes = INT64_MAX;  // of an image
};

// Those that are kept, clipped to the image of width x height pixels, the best first (equal scores
// in the order given). Boxes without area never are; of boxes with the same corners the best is.
std::vector<Detection> select(const std::vector<Detection>& found, const Selection& selection,
                              int width, int height);

}  // namespace lip::detect
