#include "image/draw.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace lip::image {
namespace {

// Pixels left .. right - 1 of rows top .. bottom - 1, as far as they are in the image.
struct Area {
    std::int64_t left, top, right, bottom;
};

void fill(Image& image, const Area& area, const Rgb& colour) {
    const std::int64_t left = std::max<std::int64_t>(area.left, 0);
    const std::int64_t right = std::min<std::int64_t>(area.right, image.width);
    const std::int64_t top = std::max<std::int64_t>(area.top, 0);
    const std::int64_t bottom = std::min<std::int64_t>(area.bottom, image.height);
    for (std::int64_t y = top; y < bottom; ++y) {
        for (std::int64_t x = left; x < right; ++x) {
            const std::size_t at = pixel_offset(image, static_cast<int>(x), static_cast<int>(y));
            std::copy(colour.begin(), colour.end(), &image.rgb[at]);
        }
    }
}

}  // namespace

void draw_outline(Image& image, const Box& box, const Rgb& colour, int thickness) {
    const Area all{box.x, box.y, std::int64_t{box.x} + box.width, std::int64_t{box.y} + box.height};
    const std::int64_t across = std::min(thickness, box.width);
    const std::int64_t down = std::min(thickness, box.height);
    fill(image, {all.left, all.top, all.right, all.top + down}, colour);
    fill(image, {all.left, all.bottom - down, all.right, all.bottom}, colour);
    fill(image, {all.left, all.top, all.left + across, all.bottom}, colour);
    fill(image, {all.right - across, all.top, all.right, all.bottom}, colour);
}

}  // namespace lip::image
