// Marks on images, to look at boxes. Any thread, one at a time on the same image.
#pragma once

#include "image/image.h"

namespace lip::image {

// The outline of `box`, `thickness` pixels wide and inside of it; what lies outside the image is
// not drawn. A box or thickness without pixels draws nothing.
void draw_outline(Image& image, const Box& box, const Rgb& colour, int thickness);

}  // namespace lip::image
