// Colours for masks, and masks shown over images. Pure functions; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "image/image.h"

namespace lip::image {

// The colour map of Pascal VOC: bits 0, 3, 6 of the index are bits 7, 6, 5 of red; bits 1, 4, 7
// those of green; bits 2, 5 are bits 7, 6 of blue. 0 is black, 255 is (224, 224, 192).
std::array<Rgb, 256> voc_palette();

// A bright colour for outlines: golden steps round the circle of hues, in three tones, so that the
// first twenty can be told apart.
Rgb bright_colour(std::size_t index);

// (1 - alpha) * image + alpha * palette[mask], rounded half up; alpha in 0..1.
// Throws DataError if the sizes differ, alpha is out of range or a value has no colour.
Image overlay(const Image& image, const Mask& mask, std::span<const Rgb> palette, double alpha);

}  // namespace lip::image
