// Regions whose boxes a release gives in pixels.
#pragma once

#include "record/record.h"

#include <array>
#include <string>
#include <vector>

namespace lip::record {

struct PixelRegion {
    std::array<double, 4> box{};  // x0 y0 x1 y1
    std::string text;
    std::string source;
    std::string label = {};  // a word or two, where the text is longer
};

struct Size {
    double width = 0, height = 0;  // 0: unknown
};

// Adds them as "regions", in fractions of an image of this size; where it is unknown as
// "pixel_regions", which resolve_pixel_regions() can work on later. Boxes that stand out of the
// image are cut.
void add_pixel_regions(Record& record, const std::vector<PixelRegion>& regions, Size size);

// Makes "regions" of "pixel_regions" if both are there: those and the size of the image.
void resolve_pixel_regions(Record& record);

}  // namespace lip::record
