#include "image/row_filters.h"

#include <algorithm>
#include <numeric>

namespace lip::image {
namespace {

std::uint8_t to_byte(std::int32_t sum, int bits) {
    return static_cast<std::uint8_t>(std::clamp(sum >> bits, 0, 255));
}

std::int32_t fixed_point(double weight, int bits) {
    const double scaled = weight * (1 << bits);
    return static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

// So that a flat part of a picture stays as it is.
void make_whole(std::int32_t* weights, int count, int bits) {
    const std::int32_t sum = std::accumulate(weights, weights + count, 0);
    *std::max_element(weights, weights + count) += (1 << bits) - sum;
}

void across(const std::uint8_t* row, const Taps& taps, std::uint8_t* to) {
    const int bits = static_cast<int>(taps.precision);
    const std::int32_t half = 1 << (bits - 1);
    for (const Taps::Span& span : taps.spans) {
        const std::uint8_t* pixel = row + 3 * static_cast<std::ptrdiff_t>(span.first);
        const std::int32_t* weight = taps.weights.data() + span.weight;
        std::int32_t red = half, green = half, blue = half;
        for (int k = 0; k < span.count; ++k, pixel += 3) {
            red += pixel[0] * weight[k];
            green += pixel[1] * weight[k];
            blue += pixel[2] * weight[k];
        }
        *to++ = to_byte(red, bits);
        *to++ = to_byte(green, bits);
        *to++ = to_byte(blue, bits);
    }
}

void down(const std::uint8_t* const* rows, const Taps& taps, const Taps::Span& span,
          std::uint8_t* to, std::size_t bytes) {
    const int bits = static_cast<int>(taps.precision);
    const std::int32_t* weight = taps.weights.data() + span.weight;
    for (std::size_t x = 0; x < bytes; ++x) {
        std::int32_t sum = 1 << (bits - 1);
        for (int k = 0; k < span.count; ++k) sum += rows[k][x] * weight[k];
        to[x] = to_byte(sum, bits);
    }
}

void split(const std::uint8_t* rgb, std::size_t pixels, std::uint8_t* planes) {
    for (std::size_t i = 0; i < pixels; ++i, rgb += 3)
        for (std::size_t c = 0; c < 3; ++c) planes[c * pixels + i] = rgb[c];
}

}  // namespace

void add_span(int first, const std::vector<double>& weights, Taps& taps) {
    const int bits = static_cast<int>(taps.precision);
    const int count = static_cast<int>(weights.size());
    const std::size_t start = taps.weights.size();
    taps.spans.push_back({first, count, start});
    for (const double w : weights) taps.weights.push_back(fixed_point(w, bits));
    if (taps.precision == Precision::kFast && count > 0)
        make_whole(taps.weights.data() + start, count, bits);
    if (count % 2 == 1) taps.weights.push_back(0);
}

void make_parts(int in, Taps& taps) {
    for (const Taps::Span& span : taps.spans)
        taps.groups = std::max(taps.groups, (span.count + kGroup - 1) / kGroup);
    const bool is_exact = taps.precision == Precision::kExact;
    constexpr auto kTaps = static_cast<std::size_t>(kGroup);
    const std::size_t group_size = is_exact ? 2 * kTaps : kTaps;
    const std::size_t span_size = group_size * static_cast<std::size_t>(taps.groups);
    taps.parts.assign(span_size * taps.spans.size(), 0);
    std::int16_t* part = taps.parts.data();
    for (const Taps::Span& span : taps.spans) {
        const int start = std::clamp(in - kGroup * taps.groups, 0, span.first);
        taps.starts.push_back(start);
        for (int i = 0; i < span.count; ++i) {
            const auto k = static_cast<std::size_t>(span.first - start + i);
            const std::int32_t weight = taps.weights[span.weight + static_cast<std::size_t>(i)];
            std::int16_t* to = part + group_size * (k / kTaps) + k % kTaps;
            *to = static_cast<std::int16_t>(is_exact ? weight >> kLowBits : weight);
            if (is_exact) to[kTaps] = static_cast<std::int16_t>(weight & ((1 << kLowBits) - 1));
        }
        part += span_size;
    }
}

const RowFilters kPlainFilters{across, down, split};

const RowFilters& row_filters() {
    static const RowFilters* const best = avx2_filters() ? avx2_filters() : &kPlainFilters;
    return *best;
}

}  // namespace lip::image
