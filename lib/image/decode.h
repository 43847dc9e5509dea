// Bytes of a JPEG, PNG or WebP file to pixels, equal to Pillow's open().convert('RGB').
//
// Colours: grey is copied to three channels; CMYK and YCCK are taken as inverted (Adobe's way,
// as in Pillow, with or without Adobe's marker); alpha and transparent colours are dropped, the
// stored colour stays; gamma and colour profiles are not applied. Samples of 16 bits give their
// high byte. (Pillow does that for colour too, but cuts 16-bit grey off at 255, so that such
// pictures turn white; here they do not.) Of an animation the first frame is taken, as it stands on
// a black canvas.
//
// Strict: data that are cut off or damaged are refused, also where the library could go on with
// invented pixels. What puts no pixels in doubt is overlooked: damage in a text or profile chunk,
// stray bytes between the markers of a JPEG.
// All functions may be called from any thread; they hold no state and no view after they return.
#pragma once

#include <string_view>

#include "cli/error.h"
#include "image/image.h"

namespace lip::image {

enum class Kind { kUnknown, kJpeg, kPng, kWebp };

// The kind by the first bytes alone; never fails.
Kind sniff(std::string_view bytes);

struct Header {
    Kind kind = Kind::kUnknown;
    int width = 0;  // as stored, before the orientation is applied
    int height = 0;
    int orientation = 1;  // EXIF tag 0x0112, 1..8; 1 also if absent or out of range
};

struct DecodeOptions {
    // Turn and mirror as EXIF says. Off in all tools (lip(7), Images), because Pillow's open() does
    // not do it either and the published models were trained so; boxes and masks refer to the
    // stored pixels.
    bool apply_orientation = false;
    // JPEG only. 0: every pixel. Else the picture may come smaller, at the smallest of the scales
    // 1/8, 1/4, 1/2, 1 whose short side is still at least this (sides round up). Never enlarges.
    int min_short_side = 0;
};

// Reads no pixels: microseconds. Rejects with "bad-image" what is no JPEG, PNG or WebP (and
// says what it is), has a broken header, more than kMaxPixels pixels, or a PNG side over 1000000.
cli::Result<Header> read_header(std::string_view bytes);

// Rejects with "bad-image" what read_header() rejects, and data cut off or damaged.
// Throws std::bad_alloc only.
cli::Result<Image> decode(std::string_view bytes, const DecodeOptions& options = {});

// The stored values of an indexed or grey PNG of 1 to 8 bits, neither scaled nor looked up in the
// palette. Rejects with "bad-mask" everything else.
cli::Result<Mask> decode_mask(std::string_view bytes);

}  // namespace lip::image
