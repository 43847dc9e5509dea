// libwebp behind decode.h; private to the room. What is refused and why: see decode.h.
#pragma once

#include <string_view>

#include "cli/error.h"
#include "image/decode.h"
#include "image/orientation.h"

namespace lip::image {

// Of an animation: the size of the canvas, and its first frame, black where that does not reach.
cli::Result<Header> read_webp_header(std::string_view bytes);
cli::Result<DecodedImage> decode_webp(std::string_view bytes);

}  // namespace lip::image
