// What lies behind the stickers: six patterns in named colours.
#pragma once

#include "scenes/color_names.h"

#include "record/keyed_rng.h"

#include <functional>
#include <string_view>
#include <vector>

namespace lip::demo {

struct Background {
    std::string_view phrase;          // caption pattern with {c1} and, of most, {c2}
    std::string_view color1, color2;  // "light blue"; color2 is empty where there is one colour
    std::string_view basic1, basic2;  // "blue": without the shade
    std::function<Color(double x, double y)> paint;  // at a place of the scene, 0..1
};

// Chance of pattern and colours: all from rng. Patterns: plain, vertical gradient, stripes, checks,
// rough texture, sky over ground.
Background choose_background(record::KeyedRng& rng);

// The pixels, row by row, size * size; means of 2x2 samples. Requires: size > 0.
std::vector<Color> render(const Background& background, int size);

}  // namespace lip::demo
