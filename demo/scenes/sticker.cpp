#include "scenes/sticker.h"

#include <algorithm>
#include <cmath>

namespace lip::demo {

namespace {

constexpr int kSamples = 3;  // a pixel and axis

Rgba pixel_or_clear(const Bitmap& bitmap, int x, int y) {
    if (x < 0 || y < 0 || x >= bitmap.width || y >= bitmap.height) return {};
    return bitmap.pixels[static_cast<std::size_t>(y * bitmap.width + x)];
}

void add_scaled(Rgba& sum, const Rgba& value, float weight) {
    sum.r += weight * value.r;
    sum.g += weight * value.g;
    sum.b += weight * value.b;
    sum.a += weight * value.a;
}

// Adds the bilinear value at (x, y), pixel centres at halves; all is transparent outside.
void add_sample(const Bitmap& bitmap, double x, double y, Rgba& sum) {
    if (!(x > -0.5 && y > -0.5 && x < bitmap.width + 0.5 && y < bitmap.height + 0.5)) return;
    const int ix = static_cast<int>(x + 0.5) - 1;  // rounded down: x + 0.5 is positive
    const int iy = static_cast<int>(y + 0.5) - 1;
    const float fx = static_cast<float>(x - 0.5 - ix), fy = static_cast<float>(y - 0.5 - iy);
    if (ix >= 0 && iy >= 0 && ix + 1 < bitmap.width && iy + 1 < bitmap.height) {
        const Rgba* p = &bitmap.pixels[static_cast<std::size_t>(iy * bitmap.width + ix)];
        add_scaled(sum, p[0], (1 - fx) * (1 - fy));
        add_scaled(sum, p[1], fx * (1 - fy));
        add_scaled(sum, p[bitmap.width], (1 - fx) * fy);
        add_scaled(sum, p[bitmap.width + 1], fx * fy);
        return;
    }
    add_scaled(sum, pixel_or_clear(bitmap, ix, iy), (1 - fx) * (1 - fy));
    add_scaled(sum, pixel_or_clear(bitmap, ix + 1, iy), fx * (1 - fy));
    add_scaled(sum, pixel_or_clear(bitmap, ix, iy + 1), (1 - fx) * fy);
    add_scaled(sum, pixel_or_clear(bitmap, ix + 1, iy + 1), fx * fy);
}

// Maps pixels of the scene to pixels of a copy of the glyph.
struct InverseMap {
    double x0, y0, cos, sin, center_x, center_y;

    double x(double px, double py) const { return center_x + cos * (px - x0) + sin * (py - y0); }
    double y(double px, double py) const { return center_y - sin * (px - x0) + cos * (py - y0); }
};

Rgba sampled_pixel(const Bitmap& bitmap, const InverseMap& map, int x, int y) {
    Rgba sum;
    for (int j = 0; j < kSamples; ++j) {
        for (int i = 0; i < kSamples; ++i) {
            const double px = x + (i + 0.5) / kSamples, py = y + (j + 0.5) / kSamples;
            add_sample(bitmap, map.x(px, py), map.y(px, py), sum);
        }
    }
    Rgba mean;
    add_scaled(mean, sum, 1.0F / (kSamples * kSamples));
    return mean;
}

void brighten(Rgba& pixel, float factor) {
    pixel.r = std::min(pixel.r * factor, pixel.a);
    pixel.g = std::min(pixel.g * factor, pixel.a);
    pixel.b = std::min(pixel.b * factor, pixel.a);
}

PixelBox solid_box(const Layer& layer) {
    PixelBox box{layer.size, layer.size, 0, 0};
    for (int y = 0; y < layer.size; ++y) {
        for (int x = 0; x < layer.size; ++x) {
            if (layer.pixels[static_cast<std::size_t>(y * layer.size + x)].a < 0.5F) continue;
            box = {std::min(box.x0, x), std::min(box.y0, y), std::max(box.x1, x + 1),
                   std::max(box.y1, y + 1)};
        }
    }
    return box.empty() ? PixelBox{} : box;
}

}  // namespace

Layer draw_sticker(const Glyph& glyph, const Placement& placement, int size) {
    const Bitmap& full = glyph.levels[0];
    const double scale = placement.side / std::max(full.width, full.height);
    // Glyph pixels between two samples; every level halves it.
    const double spacing = 1 / (scale * kSamples);
    const auto wanted = static_cast<std::size_t>(std::max(0.0, std::floor(std::log2(spacing))));
    const std::size_t level = std::min(wanted, glyph.levels.size() - 1);
    const double zoom = 1 / (scale * static_cast<double>(1U << level));
    const double shrink = 1 / static_cast<double>(1U << level);
    const InverseMap map{placement.x,
                         placement.y,
                         std::cos(placement.angle) * zoom,
                         std::sin(placement.angle) * zoom,
                         full.width * 0.5 * shrink,
                         full.height * 0.5 * shrink};
    Layer layer{placement, size, {}, {}, glyph.area * scale * scale};
    layer.pixels.resize(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
    const double radius = 0.5 * scale * std::hypot(full.width, full.height) + 1;
    const auto bound = [size](double v) {
        return static_cast<int>(std::clamp(v, 0.0, size * 1.0));
    };
    const int x1 = bound(placement.x + radius + 1), y1 = bound(placement.y + radius + 1);
    for (int y = bound(placement.y - radius); y < y1; ++y) {
        for (int x = bound(placement.x - radius); x < x1; ++x) {
            Rgba& pixel = layer.pixels[static_cast<std::size_t>(y * size + x)];
            pixel = sampled_pixel(glyph.levels[level], map, x, y);
            brighten(pixel, static_cast<float>(placement.brightness));
        }
    }
    layer.box = solid_box(layer);
    return layer;
}

double box_iou(const PixelBox& a, const PixelBox& b) {
    const PixelBox both{std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1),
                        std::min(a.y1, b.y1)};
    const double sum = a.area() + b.area() - both.area();
    return sum > 0 ? both.area() / sum : 0;
}

double visible_fraction(const std::vector<Layer>& layers, std::size_t index) {
    const Layer& layer = layers[index];
    double visible = 0;
    for (std::size_t i = 0; i < layer.pixels.size(); ++i) {
        float alpha = layer.pixels[i].a;
        if (alpha == 0) continue;
        for (std::size_t above = index + 1; above < layers.size(); ++above) {
            alpha *= 1 - layers[above].pixels[i].a;
        }
        visible += static_cast<double>(alpha);
    }
    return visible / layer.full_area;
}

}  // namespace lip::demo
