// The two passes behind resize.h; private to the room. Arguments are checked there.
#pragma once

#include <cstddef>
#include <cstdint>

#include "image/image.h"
#include "image/resize.h"

namespace lip::image {

// RGB rows of somebody else, `stride` bytes apart.
struct View {
    const std::uint8_t* rgb;
    int width;
    int height;
    std::size_t stride;
};

// One direction: pixels first .. first + count - 1 of the `out` pixels that the source range
// from .. to becomes.
struct Axis {
    int in;  // pixels of the source, inside and outside of the range
    float from;
    float to;
    std::int64_t out;
    std::int64_t first;
    int count;
};

// Image of across.count x down.count pixels.
Image resample(const View& source, const Axis& across, const Axis& down, Filter filter);

}  // namespace lip::image
