// Antialiased resampling, equal bit for bit to Image.resize() of Pillow up to 12.1 on RGB images
// (fixed point: weights of 22 fractional bits, rounded to 8 bits after the pass across and again
// after the pass down). The filter is stretched when it shrinks, so that every source pixel counts.
// Pillow 12.2 and later go down first for some shapes that change their proportions, which moves
// single bytes of photographs by up to 7; shapes that keep them are the same in all versions.
//
//   bilinear  f(x) = 1 - |x|                            |x| < 1
//   bicubic   f(x) = (a+2)|x|^3 - (a+3)|x|^2 + 1        |x| < 1      Keys 1981 with a = -1/2
//                    a|x|^3 - 5a|x|^2 + 8a|x| - 4a      1 <= |x| < 2
//
// Needs no state; any thread. All throw DataError for an empty or too large result and a box that
// is empty or leaves the image: boxes from files are checked before they come here.
#pragma once

#include <cstdint>

#include "image/image.h"

namespace lip::image {

enum class Filter { kBilinear, kBicubic };

// The part `box` of the image at width x height. Pixels around the box enter through the filter,
// as with Pillow's resize(box=...).
Image resize(const Image& image, const FloatBox& box, int width, int height, Filter filter);

// The whole image at width x height.
Image resize(const Image& image, int width, int height, Filter filter);

// crop() followed by resize(), without the copy: nothing outside `box` enters, as in torchvision's
// resized_crop. This is the one for random resized crops.
Image resize_crop(const Image& image, const Box& box, int width, int height, Filter filter);

// Pixels x .. x + width - 1, y .. y + height - 1 of an image that may be too large for memory.
struct Window {
    std::int64_t x = 0;
    std::int64_t y = 0;
    int width = 0;
    int height = 0;
};

// The pixels `window` of resize(image, full_width, full_height, filter); no others are computed.
Image resize_window(const Image& image, std::int64_t full_width, std::int64_t full_height,
                    const Window& window, Filter filter);

// A copy of the pixels of `box`.
Image crop(const Image& image, const Box& box);

}  // namespace lip::image
