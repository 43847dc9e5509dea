// Bars with intervals as SVG.
#pragma once

#include <string>
#include <vector>

namespace lip::demo {

struct Bar {
    std::string name;
    double value = 0;
    double half_width = 0;  // of its interval; not a number: none
};

struct BarGroup {
    std::string title;
    std::vector<Bar> bars;
};

// Groups side by side, each from 0 to the largest end of an interval in it, values in per cent.
std::string draw_bars(const std::vector<BarGroup>& groups);

}  // namespace lip::demo
