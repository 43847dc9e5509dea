// Pixels to the bytes of a JPEG or PNG file. The same pixels give the same bytes, whenever and in
// whichever thread, as long as libjpeg, libpng and zlib are the same. Pure functions; any thread.
#pragma once

#include <span>
#include <string>

#include "image/image.h"

namespace lip::image {

// Baseline JPEG, colour at half resolution in both directions (4:2:0). An orientation 2..8, as in
// Header, becomes EXIF data of that one tag; else there is no metadata.
// Throws DataError for an empty image, one with a side over 65500, or a quality outside 1..100.
std::string encode_jpeg(const Image& image, int quality, int orientation = 1);

// PNG, 8 bits RGB. Throws DataError for an empty image or a side over 1000000.
std::string encode_png(const Image& image);

// Indexed PNG, 8 bits: the values of the mask are stored as they are, `palette` gives their colour.
// Throws DataError as encode_png(), and for a value without colour or a palette not of 1..256.
std::string encode_png_indexed(const Mask& mask, std::span<const Rgb> palette);

}  // namespace lip::image
