#include "scenes/glyph.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace lip::demo {

namespace {

// The smallest rectangle that holds all pixels of alpha >= 0.5; empty if there is none.
Bitmap cropped(const Bitmap& full) {
    int x0 = full.width, y0 = full.height, x1 = 0, y1 = 0;
    for (int y = 0; y < full.height; ++y) {
        for (int x = 0; x < full.width; ++x) {
            if (full.pixels[static_cast<std::size_t>(y * full.width + x)].a < 0.5F) continue;
            x0 = std::min(x0, x);
            x1 = std::max(x1, x + 1);
            y0 = std::min(y0, y);
            y1 = std::max(y1, y + 1);
        }
    }
    if (x1 <= x0) return {};
    Bitmap part{x1 - x0, y1 - y0, {}};
    for (int y = y0; y < y1; ++y) {
        const auto row = full.pixels.begin() + y * full.width;
        part.pixels.insert(part.pixels.end(), row + x0, row + x1);
    }
    return part;
}

// Half the size; what lies beyond an odd edge counts as transparent.
Bitmap halved(const Bitmap& big) {
    Bitmap half{(big.width + 1) / 2, (big.height + 1) / 2, {}};
    half.pixels.resize(static_cast<std::size_t>(half.width) *
                       static_cast<std::size_t>(half.height));
    for (int y = 0; y < big.height; ++y) {
        for (int x = 0; x < big.width; ++x) {
            const Rgba& from = big.pixels[static_cast<std::size_t>(y * big.width + x)];
            Rgba& to = half.pixels[static_cast<std::size_t>(y / 2 * half.width + x / 2)];
            to.r += 0.25F * from.r;
            to.g += 0.25F * from.g;
            to.b += 0.25F * from.b;
            to.a += 0.25F * from.a;
        }
    }
    return half;
}

}  // namespace

std::optional<Glyph> make_glyph(const Bitmap& full) {
    Glyph glyph;
    glyph.levels.push_back(cropped(full));
    if (glyph.levels[0].pixels.empty()) return {};
    while (glyph.levels.back().width > 4) glyph.levels.push_back(halved(glyph.levels.back()));
    for (const Rgba& pixel : glyph.levels[0].pixels) glyph.area += static_cast<double>(pixel.a);
    return glyph;
}

}  // namespace lip::demo
