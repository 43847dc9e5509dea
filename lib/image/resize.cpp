#include "image/resize.h"

#include "cli/error.h"
#include "image/resample.h"

#include <cstddef>
#include <cstring>
#include <string>

namespace lip::image {
namespace {

View whole(const Image& image) {
    return {image.rgb.data(), image.width, image.height, 3 * static_cast<std::size_t>(image.width)};
}

View part(const Image& image, const Box& box) {
    View view = whole(image);
    view.rgb += pixel_offset(image, box.x, box.y);
    view.width = box.width;
    view.height = box.height;
    return view;
}

void check_result(int width, int height) {
    if (width > 0 && height > 0 && std::int64_t{width} * height <= kMaxPixels) return;
    throw cli::DataError("cannot resize to " + std::to_string(width) + " x " +
                         std::to_string(height) + " pixels; 1 to 2^28 pixels are possible");
}

std::string size_of(const Size& image) {
    return std::to_string(image.width) + " x " + std::to_string(image.height);
}

Size size(const Image& image) {
    return {image.width, image.height};
}

// Written so that NaN fails.
void check_box(const Size& image, const FloatBox& box) {
    const bool inside = box.x0 >= 0 && box.y0 >= 0 && box.x1 <= static_cast<float>(image.width) &&
                        box.y1 <= static_cast<float>(image.height);
    if (inside && box.x1 > box.x0 && box.y1 > box.y0) return;
    throw cli::DataError("box " + std::to_string(box.x0) + " " + std::to_string(box.y0) + " " +
                         std::to_string(box.x1) + " " + std::to_string(box.y1) +
                         " is empty or leaves the image of " + size_of(image) + " pixels");
}

void check_box(const Size& image, const Box& box) {
    if (box.x >= 0 && box.y >= 0 && box.width > 0 && box.height > 0 &&
        box.width <= image.width - box.x && box.height <= image.height - box.y) {
        return;
    }
    throw cli::DataError("box of " + std::to_string(box.width) + " x " +
                         std::to_string(box.height) + " pixels at " + std::to_string(box.x) + ", " +
                         std::to_string(box.y) + " is empty or leaves the image of " +
                         size_of(image) + " pixels");
}

}  // namespace

void check_region(const Size& image, const Box& box, int width, int height) {
    check_result(width, height);
    check_box(image, box);
}

Image resize(const Image& image, const FloatBox& box, int width, int height, Filter filter) {
    check_result(width, height);
    check_box(size(image), box);
    const Axis across{image.width, box.x0, box.x1, width, 0, width};
    const Axis down{image.height, box.y0, box.y1, height, 0, height};
    return resample(whole(image), across, down, filter);
}

Image resize(const Image& image, int width, int height, Filter filter) {
    return resize_crop(image, {0, 0, image.width, image.height}, width, height, filter);
}

Image resize_crop(const Image& image, const Box& box, int width, int height, Filter filter) {
    check_region(size(image), box, width, height);
    return resample(part(image, box), full_axis(box.width, width), full_axis(box.height, height),
                    filter);
}

Image resize_window(const Image& image, std::int64_t full_width, std::int64_t full_height,
                    const Window& window, Filter filter) {
    check_result(window.width, window.height);
    check_box(size(image), Box{0, 0, image.width, image.height});
    if (window.x < 0 || window.y < 0 || window.x > full_width - window.width ||
        window.y > full_height - window.height) {
        throw cli::DataError("window leaves the resized image of " + std::to_string(full_width) +
                             " x " + std::to_string(full_height) + " pixels");
    }
    Axis across = full_axis(image.width, window.width);
    across.out = full_width;
    across.first = window.x;
    Axis down = full_axis(image.height, window.height);
    down.out = full_height;
    down.first = window.y;
    return resample(whole(image), across, down, filter);
}

Image crop(const Image& image, const Box& box) {
    check_box(size(image), box);
    Image out = make_image(box.width, box.height);
    const std::size_t row_bytes = 3 * static_cast<std::size_t>(box.width);
    for (int y = 0; y < box.height; ++y) {
        std::memcpy(out.rgb.data() + pixel_offset(out, 0, y),
                    image.rgb.data() + pixel_offset(image, box.x, box.y + y), row_bytes);
    }
    return out;
}

}  // namespace lip::image
