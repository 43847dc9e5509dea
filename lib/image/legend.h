// What the colours of a picture mean, written below it. Pure function; any thread.
#pragma once

#include "image/image.h"

#include <span>
#include <string>

namespace lip::image {

struct LegendEntry {
    Rgb colour{};
    std::string name;  // UTF-8; letters outside ASCII show as frames (image/glyphs.h)
};

// The image with a white strip below it, in which every entry has a square of its colour and its
// name, from left to right in the order given, in as many rows as they need. Letters grow with the
// image; a name that is longer than a row ends in "..". A narrow image gets white at its right.
// Without entries the image as it is.
Image with_legend(const Image& image, std::span<const LegendEntry> entries);

}  // namespace lip::image
