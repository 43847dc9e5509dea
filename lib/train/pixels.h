// From the bytes of an image file to the planes that a step reads: decoded, cropped, resized.
#pragma once

#include "cli/error.h"
#include "image/geometry.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace lip::train {

enum class Augment { kNone, kCrop, kStrong };

struct PixelSettings {
    std::int64_t image_size = 224;                          // S: side in pixels
    image::ResizeMode mode = image::ResizeMode::kShortest;  // of Augment::kNone
    bool bilinear = false;
    image::Rgb padding = {0, 0, 0};  // of ResizeMode::kLongest
    Augment augment = Augment::kCrop;
    double crop_scale = 0.9;  // least area of the random crop
    double flip = 0;          // probability, beside any crop
    // Random crops decode every pixel, too: see image::Region.
    bool exact_decode = false;
};

// Fills `planes`, uint8 [3, S, S], from a JPEG or PNG file; what is random in it depends on (seed,
// epoch, key) alone. Any thread. Returns why, if the file cannot be used.
std::optional<cli::Reject> read_pixels(std::string_view file, const PixelSettings& settings,
                                       std::uint64_t seed, std::uint64_t epoch,
                                       std::string_view key, std::vector<std::uint8_t>& planes);

}  // namespace lip::train
