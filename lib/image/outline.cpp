#include "image/outline.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lip::image {

void fill_polygon(Mask& mask, std::span<const double> corners, std::uint8_t value) {
    const std::size_t n = corners.size() / 2;
    std::vector<double> crossings;
    for (int y = 0; y < mask.height; ++y) {
        const double centre = y + 0.5;
        crossings.clear();
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t j = (i + 1) % n;
            const double x0 = corners[2 * i], y0 = corners[2 * i + 1];
            const double x1 = corners[2 * j], y1 = corners[2 * j + 1];
            if ((y0 <= centre) == (y1 <= centre)) continue;
            crossings.push_back(x0 + (centre - y0) * (x1 - x0) / (y1 - y0));
        }
        std::ranges::sort(crossings);
        for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
            const auto column = [&](double x) {  // the first pixel whose centre is not left of x
                return static_cast<int>(
                    std::clamp(std::ceil(x - 0.5), 0.0, static_cast<double>(mask.width)));
            };
            const int begin = column(crossings[i]), end = column(crossings[i + 1]);
            const auto row = mask.value.begin() + static_cast<std::ptrdiff_t>(y) * mask.width;
            std::fill(row + begin, row + std::max(begin, end), value);
        }
    }
}

bool fill_runs(Mask& mask, std::span<const std::uint32_t> counts, std::uint8_t value) {
    const std::uint64_t pixels = pixel_count(mask.width, mask.height);
    const auto width = static_cast<std::uint64_t>(mask.width);
    const auto height = static_cast<std::uint64_t>(mask.height);
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] > pixels - at) return false;
        const std::uint64_t end = at + counts[i];
        if (i % 2 == 0) at = end;
        for (; at < end; ++at) mask.value[at % height * width + at / height] = value;
    }
    return at == pixels;
}

std::optional<std::vector<std::uint32_t>> unpack_runs(std::string_view text) {
    std::vector<std::uint32_t> counts;
    for (std::size_t at = 0; at < text.size();) {
        std::int64_t number = 0;
        for (int shift = 0;; shift += 5) {
            if (at == text.size() || shift > 30) return std::nullopt;
            const int digit = static_cast<unsigned char>(text[at++]) - '0';
            if (digit < 0 || digit > 63) return std::nullopt;
            number |= static_cast<std::int64_t>(digit & 31) << shift;
            if (digit & 32) continue;
            if (digit & 16) number -= std::int64_t{1} << (shift + 5);  // a negative one
            break;
        }
        if (counts.size() > 2) number += counts[counts.size() - 2];
        if (number < 0 || number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
        counts.push_back(static_cast<std::uint32_t>(number));
    }
    return counts;
}

}  // namespace lip::image
