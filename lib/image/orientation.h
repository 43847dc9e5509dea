// The orientation a camera stored in EXIF data, and how to undo it. Private to the room.
#pragma once

#include <string>
#include <string_view>

#include "image/image.h"

namespace lip::image {

// What the readers of the formats hand to decode().
struct DecodedImage {
    Image image;
    int orientation = 1;
};

// What EXIF data begin with in a JPEG file, and sometimes in a WebP file.
inline constexpr std::string_view kExifHead("Exif\0\0", 6);

// Tag 0x0112 of the first directory of a TIFF structure ("II*\0..." or "MM\0*..."), as EXIF data
// start after kExifHead. 1 if the data are broken, lack the tag, or it is not 1..8.
int exif_orientation(std::string_view tiff);

// The data of such a JPEG marker, with this tag alone. Requires 1..8.
std::string exif_with_orientation(int orientation);

// Orientation 2..4 mirrors or turns by 180 degrees; 5..8 swap the sides as well (EXIF 2.3, 4.6.4).
Image apply_orientation(const Image& stored, int orientation);

}  // namespace lip::image
