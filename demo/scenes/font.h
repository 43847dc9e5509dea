// Colour bitmaps of an emoji font, cropped to what is visible, with smaller copies for shrinking.
#pragma once

#include "scenes/kinds.h"

#include <filesystem>
#include <span>
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

// Renders the glyph of every kind at the size at which `font_file` holds colour bitmaps.
// Throws DataError if the font cannot be opened, has no colour bitmaps, or lacks a kind.
std::vector<Glyph> load_glyphs(const std::filesystem::path& font_file, std::span<const Kind> kinds);

}  // namespace lip::demo
