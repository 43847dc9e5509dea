// How OWLv2 sees an image. Pure function; any thread.
#pragma once

#include "image/image.h"

#include <span>
#include <vector>

namespace lip::detect {

// Planes [3, side, side], normalised: the image at the top left of a black square on its long side,
// blurred by a Gaussian of sigma = (f - 1) / 2, f = long side / side, where it shrinks (cut off
// beyond three sigma, mirrored at the borders), and resized bilinearly; then (value - mean) / std.
// Nothing is rounded to bytes on the way. Requires an image with pixels, and side > 0.
std::vector<float> owlv2_pixels(const image::Image& image, int side, std::span<const double> mean,
                                std::span<const double> std);

}  // namespace lip::detect
