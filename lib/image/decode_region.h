// A part of an image file at a size of its own: decode(), crop() and resize() in one go, row by
// row, without the image in between. The way of training: the box is drawn on the size that
// read_header() tells.
#pragma once

#include <string_view>

#include "cli/error.h"
#include "image/image.h"
#include "image/resize.h"

namespace lip::image {

struct Region {
    Box box;        // pixels of the file as stored, inside of it
    int width = 0;  // of the result
    int height = 0;
    Filter filter = Filter::kBicubic;
    // The very bytes of resize_crop(decode(file), ...), and its strictness.
    bool exact = false;
};

// Without `exact` a JPEG is decoded at the smallest of the scales 1/8, 1/4, 1/2, 1 at which the box
// is no smaller than the result (or than twice the result, with 4:2:2 colour), and only as far as
// the box needs: rows above and columns beside it are left out, and nothing below it is read. So a
// file cut off or damaged below the box is not noticed. PNG files and CMYK pictures are decoded in
// full.
//
// Rejects with "bad-image" as decode() does. Throws DataError for a box that is empty or leaves the
// image, or a result without pixels or too large. Any thread.
cli::Result<Image> decode_region(std::string_view bytes, const Region& region);

}  // namespace lip::image
