#include "image/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace lip::image {
namespace {

double bilinear(double x) {
    x = std::abs(x);
    return x < 1 ? 1 - x : 0;
}

double bicubic(double x) {
    constexpr double a = -0.5;
    x = std::abs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
    return 0;
}

Taps make_taps(const Axis& axis, Filter filter, Precision precision) {
    const bool is_cubic = filter == Filter::kBicubic;
    const double scale = static_cast<double>(axis.to - axis.from) / static_cast<double>(axis.out);
    const double stretch = std::max(scale, 1.0);
    const double support = (is_cubic ? 2.0 : 1.0) * stretch;
    Taps taps;
    taps.precision = precision;
    taps.spans.reserve(static_cast<std::size_t>(axis.count));
    std::vector<double> weights;
    for (int i = 0; i < axis.count; ++i) {
        const double centre = axis.from + (static_cast<double>(axis.first + i) + 0.5) * scale;
        const int first = std::max(0, static_cast<int>(centre - support + 0.5));
        const int last = std::min(axis.in, static_cast<int>(centre + support + 0.5));
        weights.clear();
        double sum = 0;
        for (int k = 0; k < last - first; ++k) {
            const double x = (k + first - centre + 0.5) * (1.0 / stretch);
            weights.push_back(is_cubic ? bicubic(x) : bilinear(x));
            sum += weights.back();
        }
        for (double& w : weights)
            if (sum != 0) w /= sum;
        add_span(first, weights, taps);
    }
    return taps;
}

// Pillow leaves out a pass that would change nothing; all its weights would be exactly 1.
bool is_identity(const Axis& axis) {
    return axis.from == 0 && axis.to == static_cast<float>(axis.in) && axis.out == axis.in &&
           axis.count == axis.in;
}

}  // namespace

Axis full_axis(int in, int out) {
    return {in, 0.0F, static_cast<float>(in), out, 0, out};
}

RowResampler::RowResampler(const Axis& across, const Axis& down, Filter filter, Precision precision)
    : filters_(row_filters()),
      across_(make_taps(across, filter, precision)),
      down_(make_taps(down, filter, precision)),
      is_identity_(is_identity(across)),
      next_(down_.spans.front().first),
      end_(down_.spans.back().first + down_.spans.back().count),
      row_bytes_(3 * static_cast<std::size_t>(across.count)),
      slot_bytes_(row_bytes_ + kPadding),
      out_(make_image(across.count, down.count)) {
    make_parts(across.in, across_);
    for (const Taps::Span& span : down_.spans) ring_ = std::max(ring_, span.count);
    rows_.resize(slot_bytes_ * static_cast<std::size_t>(ring_));
    entering_.resize(static_cast<std::size_t>(ring_));
}

std::uint8_t* RowResampler::kept(int row) {
    return rows_.data() + slot_bytes_ * static_cast<std::size_t>(row % ring_);
}

void RowResampler::push(const std::uint8_t* row) {
    if (is_identity_) {
        std::memcpy(kept(next_), row, row_bytes_);
    } else {
        filters_.across(row, across_, kept(next_));
    }
    ++next_;
    for (; done_ < down_.spans.size(); ++done_) {
        const Taps::Span& span = down_.spans[done_];
        if (span.first + span.count > next_) break;
        for (int k = 0; k < span.count; ++k)
            entering_[static_cast<std::size_t>(k)] = kept(span.first + k);
        filters_.down(entering_.data(), down_, span, out_.rgb.data() + done_ * row_bytes_,
                      row_bytes_);
    }
}

Image resample(const View& source, const Axis& across, const Axis& down, Filter filter) {
    RowResampler resampler(across, down, filter, Precision::kExact);
    const std::size_t bytes = 3 * static_cast<std::size_t>(source.width);
    std::vector<std::uint8_t> row(bytes + kPadding);
    for (int y = resampler.first_row(), end = resampler.end_row(); y < end; ++y) {
        std::memcpy(row.data(), source.rgb + source.stride * static_cast<std::size_t>(y), bytes);
        resampler.push(row.data());
    }
    return resampler.take();
}

}  // namespace lip::image
