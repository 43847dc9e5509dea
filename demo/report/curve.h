// Loss curves as SVG.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace lip::demo {

struct Curve {
    std::string name;
    std::string colour;                             // CSS
    std::vector<std::pair<double, double>> points;  // x ascending
};

// A chart with axes, ticks, a line a curve and its name at its end. Scales itself; `x_name` and
// `y_name` stand at the axes.
std::string draw_curves(const std::vector<Curve>& curves, const std::string& x_name,
                        const std::string& y_name);

}  // namespace lip::demo
