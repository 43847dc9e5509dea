// A picture with alpha, cropped to what is visible, with smaller copies for shrinking.
#pragma once

#include <optional>
#include <vector>

namespace lip::demo {

// Premultiplied colour: r, g, b <= a, all in 0..1.
struct Rgba {
    float r = 0, g = 0, b = 0, a = 0;
};

struct Bitmap {
    int width = 0;
    int height = 0;
    std::vector<Rgba> pixels;  // row by row, width * height
};

// levels[0] is the glyph cropped to its pixels of alpha >= 0.5; each further level has half the
// width and height (rounded up), every pixel the mean of 2x2. The last one is 4 or fewer wide.
struct Glyph {
    std::vector<Bitmap> levels;
    double area = 0;  // sum of alpha of levels[0], in pixels
};

// Nothing if no pixel has alpha >= 0.5.
std::optional<Glyph> make_glyph(const Bitmap& full);

}  // namespace lip::demo
