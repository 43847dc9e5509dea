// Changes of form and sharpness on 8-bit RGB images, in place. Pure functions; any thread.
#pragma once

#include "image/image.h"

namespace lip::image {

// Left and right change places.
void flip(Image& image);

// Each pixel takes the source pixel that holds (a x + b y + c, d x + e y + f), with x and y the
// pixel's centre; black outside.
struct Affine {
    float a = 1, b = 0, c = 0, d = 0, e = 1, f = 0;
};
void transform(Image& image, const Affine& from);

// Counterclockwise about the centre.
Affine rotation(const Image& image, float degrees);

// Gaussian of deviation `sigma` > 0 over 2 ceil(3 sigma) + 1 pixels in both directions, mirrored at
// the borders; the pass across is rounded to bytes before the pass down.
void blur(Image& image, float sigma);

// Away from (factor > 1) or towards (< 1) a slight blur, as torchvision's adjust_sharpness; the
// outermost pixels stay.
void adjust_sharpness(Image& image, double factor);

}  // namespace lip::image
