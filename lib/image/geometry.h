// Which pixels of an image a model sees: random and centred crops, and the way to a square input.
// All functions are pure and may be called from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "image/image.h"
#include "image/resize.h"
#include "record/keyed_rng.h"

namespace lip::image {

// What random_resized_crop() draws from: the share of the image's area, and width / height.
// The defaults are those of DreamLIP.
struct CropRange {
    double min_area = 0.9;
    double max_area = 1.0;
    double min_ratio = 3.0 / 4.0;
    double max_ratio = 4.0 / 3.0;
};

// A box inside an image of the given size, drawn as torchvision's RandomResizedCrop does: ten
// tries of area ~ U(min_area, max_area) and log ratio ~ U(log min_ratio, log max_ratio); if none
// fits, the largest centred box whose ratio is in range. Use it with resize_crop().
// Takes 2 to 22 numbers from `rng`. Requires positive sides and 0 < min <= max for both ranges.
Box random_resized_crop(int width, int height, const CropRange& range, record::KeyedRng& rng);

// The centred box of at most crop_width x crop_height, its corner rounded half to even as in
// torchvision; along a side that is too short it takes what there is.
Box center_crop(int width, int height, int crop_width, int crop_height);

// How an image becomes a square.
enum class ResizeMode {
    kShortest,  // short side to the square's, the ends of the long side are cut off (torchvision)
    kShortestFloor,  // the same, the corner of the cut rounded down (Hugging Face)
    kSquash,         // both sides to the square's
    kLongest,        // long side to the square's, the rest is padded (CLOC)
};

// By its name in configurations: shortest, shortest_floor, squash or longest.
ResizeMode resize_mode(std::string_view name);

// The resized image in coordinates of the square. Fraction x of the image's width comes to lie at
// column left + x * width; what falls outside 0 .. size is cut off, what stays free is padded.
struct Placement {
    std::int64_t width = 0;
    std::int64_t height = 0;
    std::int64_t left = 0;
    std::int64_t top = 0;
};

// Rounding: kShortest cuts the long side down to a whole number and rounds half the surplus half to
// even, both as torchvision does; kLongest rounds the short side half to even, at least 1, and half
// the padding down, as open_clip does (nw = max(1, round(W S / m)), left = (S - nw) / 2, m the
// longer side).
// Requires positive arguments.
Placement place(int width, int height, int size, ResizeMode mode);

// A box (x0, y0, x1, y1) in fractions of an image -> fractions of the square, cut at its borders;
// the longer side is scaled exactly, without the rounding of place(). And back, cut at the image's.
// Requires positive arguments.
using UnitBox = std::array<double, 4>;
UnitBox to_square(const UnitBox& box, int width, int height, int size, ResizeMode mode);
UnitBox from_square(const UnitBox& box, int width, int height, int size, ResizeMode mode);
// 0 for a box whose corners are the wrong way round, or not numbers.
double area(const UnitBox& box);
// Intersection by union, 0..1; 0 where neither has an area. The same in fractions as in pixels.
double iou(const UnitBox& a, const UnitBox& b);
// What of a box lies in the image.
UnitBox clipped(const UnitBox& box);
// The pixels that a box in fractions of an image touches, at least one.
Box pixels_of(const UnitBox& box, int width, int height);

struct PreprocessOptions {
    int size = 224;  // side of the square in pixels
    ResizeMode mode = ResizeMode::kShortest;
    Filter filter = Filter::kBicubic;
    Rgb padding = {0, 0, 0};  // of kLongest
};

// The image in a square of options.size, where place() says. Equal to torchvision's Resize and
// CenterCrop on PIL images for kShortest, but pixels that are cut off are not computed.
// Throws DataError if the image is empty or the size is not in 1 .. 16384.
Image preprocess(const Image& image, const PreprocessOptions& options);

}  // namespace lip::image
