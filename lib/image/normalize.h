// From packed bytes to the planes that models read. Pure functions; any thread.
#pragma once

#include <cstdint>

#include "image/image.h"

namespace lip::image {

// Means and deviations of the channels, for values in 0..1: those of CLIP, and those of SigLIP.
inline constexpr float kClipMean[3] = {0.48145466F, 0.4578275F, 0.40821073F};
inline constexpr float kClipStd[3] = {0.26862954F, 0.26130258F, 0.27577711F};
inline constexpr float kHalfMean[3] = {0.5F, 0.5F, 0.5F};
inline constexpr float kHalfStd[3] = {0.5F, 0.5F, 0.5F};

// out [3, height, width] = (byte / 255 - mean) / std, in float as torchvision computes it.
// `out` has room for 3 * width * height values; deviations are not 0.
void to_planar(const Image& image, const float mean[3], const float std[3], float* out);

// The same order, the bytes as they are: a quarter of the memory, to be normalised on a device.
void to_planar_bytes(const Image& image, std::uint8_t* out);

}  // namespace lip::image
