// One sticker drawn on its own layer: rotated, scaled, antialiased.
#pragma once

#include "scenes/glyph.h"

#include <array>
#include <vector>

namespace lip::demo {

struct Placement {
    double x = 0, y = 0;    // of the centre, in pixels of the scene
    double side = 0;        // the glyph's longer side, in pixels of the scene
    double angle = 0;       // radians, clockwise
    double brightness = 1;  // factor on the sRGB values; they stay within 0..1
};

// Half-open range of pixels [x0, x1) x [y0, y1).
struct PixelBox {
    int x0 = 0, y0 = 0, x1 = 0, y1 = 0;

    bool empty() const { return x1 <= x0 || y1 <= y0; }
    double area() const { return empty() ? 0.0 : static_cast<double>(x1 - x0) * (y1 - y0); }
};

struct Layer {
    Placement placement;
    int size = 0;              // pixels a side
    std::vector<Rgba> pixels;  // size * size, premultiplied
    PixelBox box;              // of the pixels of alpha >= 0.5; empty if there is none
    double full_area = 0;      // sum of alpha, also of what lies beyond the edge of the scene
};

// Each pixel is the mean of 3x3 bilinear samples from the copy of the glyph whose pixels are just
// finer than the samples are apart, so that nothing aliases. Requires: size > 0, side > 0.
Layer draw_sticker(const Glyph& glyph, const Placement& placement, int size);

// Intersection over union, 0 if both are empty.
double box_iou(const PixelBox& a, const PixelBox& b);

// The part of layers[index] that is inside the scene and not covered by the layers after it, 0..1.
double visible_fraction(const std::vector<Layer>& layers, std::size_t index);

}  // namespace lip::demo
