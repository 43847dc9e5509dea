// Which regions of an image a step sees.
#pragma once

#include "image/geometry.h"
#include "record/record.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lip::train {

struct RegionSettings {
    std::int64_t count = 0;  // M, at most so many of an image; 0: no regions
    std::int64_t context_length = 16;
    double min_area = 0.001;  // of the square; smaller boxes are left out
};

struct DrawnRegion {
    image::UnitBox box;  // of the square that the model sees
    std::string text;
};

struct DrawnRegions {
    std::vector<DrawnRegion> regions;
    std::size_t too_small = 0;  // others of the record with a phrase, left out by their area
};

// Up to M regions with a phrase, drawn uniformly without repetition; depends on (seed, epoch, key
// of the record) alone. `width` and `height` are of the image, which `mode` makes a square of
// `size`. Thread-safe.
DrawnRegions draw_regions(const record::Record& record, int width, int height, int size,
                          image::ResizeMode mode, const RegionSettings& settings,
                          std::uint64_t seed, std::uint64_t epoch);

}  // namespace lip::train
