// libjpeg behind decode.h; private to the room. What is refused and why: see decode.h.
#pragma once

#include <string_view>

#include "cli/error.h"
#include "image/decode.h"
#include "image/orientation.h"

namespace lip::image {

cli::Result<Header> read_jpeg_header(std::string_view bytes);
cli::Result<DecodedImage> decode_jpeg(std::string_view bytes, int min_short_side);

}  // namespace lip::image
