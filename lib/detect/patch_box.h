// A box from how well each patch of an image fits a phrase. Pure function; any thread.
#pragma once

#include "detect/boxes.h"

#include <cstdint>
#include <span>
#include <vector>

namespace lip::detect {

struct PatchBox {
    Box box{};                          // fractions of the grid
    std::vector<std::int64_t> patches;  // inside of it, those that it is drawn around, ascending
};

// Around the patches that fit at least half way from the worst to the best of the image, as far as
// they are joined, side by side, to the best one (of equal ones the first).
// cosines [rows * columns], by rows; requires at least one.
PatchBox box_of_patches(std::span<const float> cosines, std::int64_t rows, std::int64_t columns);

}  // namespace lip::detect
