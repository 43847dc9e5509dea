#include "image/geometry.h"

#include "cli/error.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>

namespace lip::image {
namespace {

constexpr int kTries = 10;
constexpr int kMaxSquare = 16384;

// Half to even, as Python's round(): the rounding mode of the process is never changed.
int round_even(double x) {
    return static_cast<int>(std::nearbyint(x));
}

// n / 2, half to even, for n >= 0.
std::int64_t half_even(std::int64_t n) {
    return n / 2 + (n % 4 == 3 ? 1 : 0);
}

int draw_below(record::KeyedRng& rng, int n) {
    return static_cast<int>(rng.below(static_cast<std::uint64_t>(n)));
}

Box centred(int width, int height, int crop_width, int crop_height) {
    return {(width - crop_width) / 2, (height - crop_height) / 2, crop_width, crop_height};
}

Box fallback_crop(int width, int height, const CropRange& range) {
    const double ratio = static_cast<double>(width) / height;
    if (ratio < range.min_ratio) {
        const int fitting = std::clamp(round_even(width / range.min_ratio), 1, height);
        return centred(width, height, width, fitting);
    }
    if (ratio > range.max_ratio) {
        const int fitting = std::clamp(round_even(height * range.max_ratio), 1, width);
        return centred(width, height, fitting, height);
    }
    return {0, 0, width, height};
}

// Side of a scaled image that keeps the proportion, rounded half to even, at least 1.
std::int64_t scaled_side(std::int64_t side, std::int64_t longer, std::int64_t size) {
    const std::int64_t twice = 2 * side * size + longer, half_up = twice / (2 * longer);
    const bool is_tie = twice % (2 * longer) == 0;
    return std::max<std::int64_t>(1, half_up - (is_tie && half_up % 2 != 0));
}

Image filled(int size, const Rgb& colour) {
    Image square = make_image(size, size);
    if (colour == Rgb{0, 0, 0}) return square;
    for (std::size_t i = 0; i < square.rgb.size(); ++i) square.rgb[i] = colour[i % 3];
    return square;
}

void paste(const Image& part, int left, int top, Image& square) {
    const std::size_t row_bytes = 3 * static_cast<std::size_t>(part.width);
    for (int y = 0; y < part.height; ++y) {
        std::memcpy(square.rgb.data() + pixel_offset(square, left, top + y),
                    part.rgb.data() + pixel_offset(part, 0, y), row_bytes);
    }
}

}  // namespace

Box random_resized_crop(int width, int height, const CropRange& range, record::KeyedRng& rng) {
    const double area = static_cast<double>(width) * height;
    const double low = std::log(range.min_ratio);
    const double high = std::log(range.max_ratio);
    for (int i = 0; i < kTries; ++i) {
        const double wanted = area * rng.uniform(range.min_area, range.max_area);
        const double ratio = std::exp(rng.uniform(low, high));
        const double w = std::nearbyint(std::sqrt(wanted * ratio));
        const double h = std::nearbyint(std::sqrt(wanted / ratio));
        if (!(w > 0 && w <= width && h > 0 && h <= height)) continue;
        Box box{0, 0, static_cast<int>(w), static_cast<int>(h)};
        box.y = draw_below(rng, height - box.height + 1);
        box.x = draw_below(rng, width - box.width + 1);
        return box;
    }
    return fallback_crop(width, height, range);
}

Box center_crop(int width, int height, int crop_width, int crop_height) {
    const int w = std::min(width, crop_width);
    const int h = std::min(height, crop_height);
    return {static_cast<int>(half_even(width - w)), static_cast<int>(half_even(height - h)), w, h};
}

ResizeMode resize_mode(std::string_view name) {
    return name == "squash"           ? ResizeMode::kSquash
           : name == "longest"        ? ResizeMode::kLongest
           : name == "shortest_floor" ? ResizeMode::kShortestFloor
                                      : ResizeMode::kShortest;
}

Placement place(int width, int height, int size, ResizeMode mode) {
    const std::int64_t side = size;
    if (mode == ResizeMode::kSquash) return {side, side, 0, 0};
    const std::int64_t longer = std::max(width, height);
    if (mode == ResizeMode::kLongest) {
        const std::int64_t w = scaled_side(width, longer, side);
        const std::int64_t h = scaled_side(height, longer, side);
        return {w, h, (side - w) / 2, (side - h) / 2};
    }
    const std::int64_t shorter = std::min(width, height);
    const std::int64_t cut = side * longer / shorter;
    const std::int64_t surplus =
        mode == ResizeMode::kShortestFloor ? (cut - side) / 2 : half_even(cut - side);
    return width <= height ? Placement{side, cut, 0, -surplus} : Placement{cut, side, -surplus, 0};
}

namespace {

// Fraction f of a side of the image comes to lie at offset + f * length of the square.
struct Along {
    double offset, length;
};

std::array<Along, 2> sides_in_square(int width, int height, int size, ResizeMode mode) {
    const Placement at = place(width, height, size, mode);
    const double side = size;
    const auto along = [&](std::int64_t offset, std::int64_t rounded, int own) {
        const double exact = mode == ResizeMode::kLongest ? side * own / std::max(width, height)
                                                          : static_cast<double>(rounded);
        return Along{static_cast<double>(offset) / side, exact / side};
    };
    return {along(at.left, at.width, width), along(at.top, at.height, height)};
}

}  // namespace

UnitBox to_square(const UnitBox& box, int width, int height, int size, ResizeMode mode) {
    const auto sides = sides_in_square(width, height, size, mode);
    UnitBox out{};
    for (std::size_t i = 0; i < 4; ++i) {
        const Along& side = sides[i % 2];
        out[i] = std::clamp(side.offset + std::clamp(box[i], 0.0, 1.0) * side.length, 0.0, 1.0);
    }
    return out;
}

UnitBox from_square(const UnitBox& box, int width, int height, int size, ResizeMode mode) {
    const auto sides = sides_in_square(width, height, size, mode);
    UnitBox out{};
    for (std::size_t i = 0; i < 4; ++i)
        out[i] = std::clamp((box[i] - sides[i % 2].offset) / sides[i % 2].length, 0.0, 1.0);
    return out;
}

Box pixels_of(const UnitBox& box, int width, int height) {
    const auto along = [&](std::size_t axis, int length) {
        const int first = std::min(static_cast<int>(std::floor(box[axis] * length)), length - 1);
        const int end = static_cast<int>(std::ceil(box[axis + 2] * length));
        return std::pair(first, std::clamp(end - first, 1, length - first));
    };
    const auto [x, w] = along(0, width);
    const auto [y, h] = along(1, height);
    return {x, y, w, h};
}

double area(const UnitBox& box) {
    const double width = box[2] - box[0], height = box[3] - box[1];
    return width > 0 && height > 0 ? width * height : 0;
}

double iou(const UnitBox& a, const UnitBox& b) {
    const UnitBox both = {std::max(a[0], b[0]), std::max(a[1], b[1]), std::min(a[2], b[2]),
                          std::min(a[3], b[3])};
    const double shared = area(both), joined = area(a) + area(b) - shared;
    return joined > 0 ? shared / joined : 0;
}

UnitBox clipped(const UnitBox& box) {
    UnitBox out;
    for (std::size_t i = 0; i < 4; ++i) out[i] = std::clamp(box[i], 0.0, 1.0);
    return out;
}

Image preprocess(const Image& image, const PreprocessOptions& options) {
    const int size = options.size;
    if (size < 1 || size > kMaxSquare) {
        throw cli::DataError("image size " + std::to_string(size) + " is not in 1..16384");
    }
    if (image.width < 1 || image.height < 1) throw cli::DataError("an image without pixels");
    const Placement at = place(image.width, image.height, size, options.mode);
    // What of the resized image shows in the square.
    const Window window{std::max<std::int64_t>(0, -at.left), std::max<std::int64_t>(0, -at.top),
                        static_cast<int>(std::min<std::int64_t>(size, at.width)),
                        static_cast<int>(std::min<std::int64_t>(size, at.height))};
    Image shown = resize_window(image, at.width, at.height, window, options.filter);
    if (shown.width == size && shown.height == size) return shown;
    Image square = filled(size, options.padding);
    paste(shown, static_cast<int>(at.left), static_cast<int>(at.top), square);
    return square;
}

}  // namespace lip::image
