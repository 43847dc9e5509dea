// Shapes drawn into masks: polygons and runs, as data sets give the outlines of objects. Pure
// functions; any thread.
#pragma once

#include "image/image.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace lip::image {

// Sets the pixels whose centre is inside the polygon x0 y0 x1 y1 ... (even-odd, edges in pixels; it
// closes itself). Corners may lie outside of the mask.
void fill_polygon(Mask& mask, std::span<const double> corners, std::uint8_t value);

// Sets the pixels of every second run, down the columns from the left: `counts` are pixels outside,
// inside, outside, ... False if they are not those of the whole mask; then some may be set.
bool fill_runs(Mask& mask, std::span<const std::uint32_t> counts, std::uint8_t value);

// Runs as COCO packs them into text: six bits a character from '0' on, the lower five of them
// digits, the least significant first; from the fourth run on as differences to the run before the
// last. Nothing if it is no such text.
std::optional<std::vector<std::uint32_t>> unpack_runs(std::string_view text);

}  // namespace lip::image
