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
    std::vector<Object::Field> others = {};
};

struct Size {
    double width = 0, height = 0;  // 0: unknown
};

// What "width" and "height" say; unknown unless both are positive numbers.
Size size_of(const Object& object);

// Collects the regions of an image.
class RegionList {
public:
    // `raw`: the region as it stood, for the file of rejects.
    void add(PixelRegion region, std::string_view raw);
    // One that is malformed: a bad part of the record.
    void add_bad(const std::string& why, std::string_view raw);
    bool empty() const { return regions_.empty() && bad_.empty(); }

    // Adds them as "regions", in fractions of an image of this size ({1, 1}: they are fractions
    // already); where it is unknown as "pixel_regions", which resolve_pixel_regions() can work on
    // later. Boxes that stand out of the image are cut; those without area in it are left out and
    // counted.
    void store(Record& record, Size size);

private:
    std::vector<PixelRegion> regions_;
    std::vector<BadPart> bad_;
};

// Makes "regions" of "pixel_regions" if both are there: those and the size of the image.
void resolve_pixel_regions(Record& record);

// Gives the texts of "region_texts" [{"id", "text", "source"}] to the regions of these ids: a
// region each, with the text that the region had as its label. Texts of no region stay.
void resolve_region_texts(Record& record);

}  // namespace lip::record
