#include "report/curve.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace lip::demo {
namespace {

constexpr double kWidth = 720, kHeight = 300, kLeft = 56, kRight = 110, kTop = 16, kBottom = 40;

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text,
                  std::abs(value) >= 1000 || value == std::floor(value) ? "%.0f" : "%.1f", value);
    return text;
}

// 1, 2 or 5 times a power of ten, for about five ticks over `range`.
double tick_step(double range) {
    const double raw = std::max(range, 1e-9) / 5, power = std::pow(10, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (raw <= factor * power) return factor * power;
    return 10 * power;
}

struct Frame {
    double x0, x1, y0, y1;
    double x(double v) const { return kLeft + (v - x0) / (x1 - x0) * (kWidth - kLeft - kRight); }
    double y(double v) const {
        return kHeight - kBottom - (v - y0) / (y1 - y0) * (kHeight - kTop - kBottom);
    }
};

Frame frame_of(const std::vector<Curve>& curves) {
    Frame f{0, 1, 0, 1};
    bool first = true;
    for (const Curve& curve : curves)
        for (const auto& [x, y] : curve.points) {
            if (first) f = {x, x, y, y};
            first = false;
            f = {std::min(f.x0, x), std::max(f.x1, x), std::min(f.y0, y), std::max(f.y1, y)};
        }
    f.x0 = 0;
    f.y0 = std::min(f.y0, 0.0);
    if (f.x1 <= f.x0) f.x1 = f.x0 + 1;
    if (f.y1 <= f.y0) f.y1 = f.y0 + 1;
    return f;
}

std::string line(double x0, double y0, double x1, double y1, const char* style) {
    return "<line x1=\"" + number(x0) + "\" y1=\"" + number(y0) + "\" x2=\"" + number(x1) +
           "\" y2=\"" + number(y1) + "\" class=\"" + style + "\"/>";
}

std::string label(double x, double y, const char* anchor, const std::string& text) {
    return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">" +
           text + "</text>";
}

}  // namespace

std::string draw_curves(const std::vector<Curve>& curves, const std::string& x_name,
                        const std::string& y_name) {
    const Frame f = frame_of(curves);
    std::string out =
        "<svg viewBox=\"0 0 " + number(kWidth) + " " + number(kHeight) + "\" role=\"img\">";
    const double xs = tick_step(f.x1 - f.x0), ys = tick_step(f.y1 - f.y0);
    for (double v = std::ceil(f.y0 / ys) * ys; v <= f.y1 + 1e-9; v += ys)
        out += line(kLeft, f.y(v), kWidth - kRight, f.y(v), "grid") +
               label(kLeft - 8, f.y(v) + 4, "end", number(v));
    for (double v = std::ceil(f.x0 / xs) * xs; v <= f.x1 + 1e-9; v += xs)
        out += line(f.x(v), kHeight - kBottom, f.x(v), kHeight - kBottom + 4, "axis") +
               label(f.x(v), kHeight - kBottom + 18, "middle", number(v));
    out += line(kLeft, kHeight - kBottom, kWidth - kRight, kHeight - kBottom, "axis");
    out += label((kLeft + kWidth - kRight) / 2, kHeight - 4, "middle", x_name) +
           label(4, 12, "start", y_name);
    double last_y = -100;
    for (const Curve& curve : curves) {
        if (curve.points.empty()) continue;
        out +=
            "<polyline fill=\"none\" stroke=\"" + curve.colour + "\" stroke-width=\"2\" points=\"";
        for (const auto& [x, y] : curve.points) out += number(f.x(x)) + "," + number(f.y(y)) + " ";
        double y = f.y(curve.points.back().second) + 4;
        if (std::abs(y - last_y) < 14) y = last_y + 14;  // names must not lie on each other
        last_y = y;
        out += "\"/><text x=\"" + number(f.x(curve.points.back().first) + 8) + "\" y=\"" +
               number(y) + "\" fill=\"" + curve.colour + "\">" + curve.name + "</text>";
    }
    return out + "</svg>\n";
}

}  // namespace lip::demo
