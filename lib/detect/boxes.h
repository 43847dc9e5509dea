// Boxes of images: how far two agree, and which of those that a detector finds are kept. Pure
// functions; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lip::detect {

using Box = std::array<double, 4>;  // x0 y0 x1 y1, fractions of the image, y down

// 0 for a box whose corners are the wrong way round, or not numbers.
double area(const Box& box);
// Intersection by union, 0..1; 0 where neither has an area. The same in fractions as in pixels.
double iou(const Box& a, const Box& b);
// What of a box lies in the image.
Box clipped(const Box& box);

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
