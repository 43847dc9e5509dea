// Changes of colour on 8-bit RGB images, in place: those of torchvision.transforms.functional on
// uint8 tensors, whose results are cut down to whole numbers. Factor 1 (hue: 0) changes nothing.
// Pure functions; any thread.
#pragma once

#include "image/image.h"

namespace lip::image {

// 0: black.
void adjust_brightness(Image& image, double factor);
// 0: the mean grey of the image everywhere.
void adjust_contrast(Image& image, double factor);
// 0: grey.
void adjust_saturation(Image& image, double factor);
// Turns the colours by `turn` of the circle, -0.5 .. 0.5.
void adjust_hue(Image& image, float turn);

// All channels 0.2989 red + 0.587 green + 0.114 blue.
void to_grey(Image& image);

// Keeps the upper 0 .. 8 bits.
void posterize(Image& image, int bits);
// Inverts what is at least `threshold`.
void solarize(Image& image, float threshold);
// Stretches each channel to 0 .. 255.
void autocontrast(Image& image);
// Makes all values of a channel equally frequent.
void equalize(Image& image);

}  // namespace lip::image
