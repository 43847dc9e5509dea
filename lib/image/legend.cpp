#include "image/legend.h"

#include "image/draw.h"
#include "image/glyphs.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace lip::image {
namespace {

// In pixels of a glyph.
constexpr int kMargin = 3, kSquare = 7, kGap = 3, kRow = 11;
constexpr int kLeastWidth = 100;    // room for a square and some 14 letters
constexpr int kPixelsAScale = 320;  // of the image's width for each step of the letters' size
constexpr int kMostScale = 8;
constexpr Rgb kBlack{0, 0, 0};

struct Placed {
    int x, row;
    std::string name;
    Rgb colour;
};

// The first letters of a name, as many as fit.
std::string shortened(std::string_view name, int letters) {
    if (letter_count(name) <= letters) return std::string(name);
    std::string out;
    for (const char c : name) {
        const bool starts_letter = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
        if (starts_letter && letter_count(out) >= std::max(letters - 2, 0)) break;
        out += c;
    }
    return out + "..";
}

}  // namespace

Image with_legend(const Image& image, std::span<const LegendEntry> entries) {
    if (entries.empty()) return image;
    const int scale = std::clamp(image.width / kPixelsAScale, 1, kMostScale);
    const int width = std::max(image.width, kLeastWidth) / scale;  // in pixels of a glyph
    std::vector<Placed> placed;
    int x = kMargin, row = 0;
    for (const LegendEntry& entry : entries) {
        const int room = width - 2 * kMargin - kSquare - kGap;
        std::string name = shortened(entry.name, room / kGlyphAdvance);
        const int own = kSquare + kGap + letter_count(name) * kGlyphAdvance;
        if (x > kMargin && x + own > width - kMargin) x = kMargin, ++row;
        placed.push_back({x, row, std::move(name), entry.colour});
        x += own + 2 * kGap;
    }
    const int strip = (2 * kMargin + (row + 1) * kRow) * scale;
    Image out = make_image(std::max(image.width, kLeastWidth), image.height + strip);
    std::fill(out.rgb.begin(), out.rgb.end(), std::uint8_t{255});
    const std::size_t bytes = 3 * static_cast<std::size_t>(image.width);
    for (int y = 0; y < image.height; ++y)
        std::copy_n(&image.rgb[pixel_offset(image, 0, y)], bytes,
                    &out.rgb[pixel_offset(out, 0, y)]);
    for (const Placed& entry : placed) {
        const int left = entry.x * scale;
        const int top = image.height + (kMargin + entry.row * kRow) * scale;
        const Box square{left, top, kSquare * scale, kSquare * scale};
        draw_outline(out, square, entry.colour, kSquare * scale);
        draw_outline(out, square, kBlack, scale);  // white has an edge, too
        draw_text(out, left + (kSquare + kGap) * scale, top, entry.name, kBlack, scale);
    }
    return out;
}

}  // namespace lip::image
