#include "report/bars.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace lip::demo {
namespace {

constexpr double kGroupWidth = 230, kBarHeight = 22, kTop = 28, kNameWidth = 210, kGap = 26;
constexpr const char* kColours[] = {"#b4552d", "#8a6d3b", "#1f6f8b", "#2e7d32", "#6a4c93", "#555"};

std::string text_of(const char* format, double value) {
    char text[32];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

std::string px(double value) {
    return text_of("%.1f", value);
}

double end_of(const Bar& bar) {
    return bar.value + (std::isfinite(bar.half_width) ? bar.half_width : 0);
}

}  // namespace

std::string draw_bars(const std::vector<BarGroup>& groups) {
    std::size_t rows = 0;
    for (const BarGroup& group : groups) rows = std::max(rows, group.bars.size());
    const double width = kNameWidth + static_cast<double>(groups.size()) * (kGroupWidth + kGap);
    const double height = kTop + kBarHeight * static_cast<double>(rows) + 8;
    std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + px(width) + " " +
                      px(height) + "\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n";
    const auto text = [&](double x, double y, const std::string& what, const char* more = "") {
        out += "<text x=\"" + px(x) + "\" y=\"" + px(y) + "\"" + more + ">" + what + "</text>\n";
    };
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const double left = kNameWidth + static_cast<double>(g) * (kGroupWidth + kGap);
        text(left, 16, groups[g].title, " font-weight=\"bold\"");
        double most = 1e-9;
        for (const Bar& bar : groups[g].bars) most = std::max(most, end_of(bar));
        const double scale = (kGroupWidth - 44) / most;
        for (std::size_t i = 0; i < groups[g].bars.size(); ++i) {
            const Bar& bar = groups[g].bars[i];
            const double y = kTop + kBarHeight * static_cast<double>(i), end = bar.value * scale;
            if (g == 0) text(0, y + 14, bar.name);
            out += "<rect x=\"" + px(left) + "\" y=\"" + px(y + 3) + "\" width=\"" + px(end) +
                   "\" height=\"" + px(kBarHeight - 8) + "\" fill=\"" +
                   kColours[i % std::size(kColours)] + "\"/>\n";
            if (std::isfinite(bar.half_width)) {
                const double from = left + std::max(0.0, bar.value - bar.half_width) * scale;
                out += "<line x1=\"" + px(from) + "\" x2=\"" + px(left + end_of(bar) * scale) +
                       "\" y1=\"" + px(y + 10) + "\" y2=\"" + px(y + 10) +
                       "\" stroke=\"#222\" stroke-width=\"1.5\"/>\n";
            }
            text(left + end_of(bar) * scale + 5, y + 14, text_of("%.1f", 100 * bar.value));
        }
    }
    return out + "</svg>\n";
}

}  // namespace lip::demo
