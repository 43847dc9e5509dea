#include "image/resample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

// The inner loops use GCC's vectors, because at -O2 it vectorises little by itself; bytes are
// widened before them, because it widens short vectors badly. The 32-bit multiplications are slow
// in plain SSE2, so x86-64 gets copies for newer processors, chosen when the program starts.
// All is done in integers: every copy gives the same bytes.
// Sanitizers start after that choice is made and break it.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LIP_FOR_EACH_CPU __attribute__((target_clones("default", "avx2", "arch=skylake-avx512")))
#else
#define LIP_FOR_EACH_CPU
#endif

namespace lip::image {
namespace {

constexpr int kWeightBits = 22;  // 32 - 8 for the pixel - 2 for weights that add up beyond 1
constexpr std::int32_t kHalf = 1 << (kWeightBits - 1);

using Lanes = std::int32_t __attribute__((vector_size(32)));
using ShortLanes = std::int16_t __attribute__((vector_size(16)));
constexpr std::size_t kLanes = 8;
constexpr int kTileRows = 4;              // filtered across at once
constexpr std::size_t kPixelVectors = 2;  // a column of a tile: kTileRows pixels of 4 lanes
constexpr std::size_t kBlockVectors = 4;  // of a row, filtered down at once

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

// For every pixel of the result the source pixels that enter, and their weights in fixed point.
struct Taps {
    struct Span {
        int first;           // source pixel
        int count;           // source pixels
        std::size_t weight;  // where they start in `weights`
    };
    std::vector<Span> spans;
    std::vector<std::int32_t> weights;
};

std::int32_t fixed_point(double weight) {
    const double scaled = weight * (1 << kWeightBits);
    return static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

Taps make_taps(const Axis& axis, Filter filter) {
    const bool is_cubic = filter == Filter::kBicubic;
    const double scale = static_cast<double>(axis.to - axis.from) / static_cast<double>(axis.out);
    const double stretch = std::max(scale, 1.0);
    const double support = (is_cubic ? 2.0 : 1.0) * stretch;
    Taps taps;
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
        taps.spans.push_back({first, last - first, taps.weights.size()});
        for (const double w : weights) taps.weights.push_back(fixed_point(sum != 0 ? w / sum : w));
    }
    return taps;
}

inline std::uint8_t to_byte(std::int32_t sum) {
    return static_cast<std::uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

inline void clamp_to_bytes(Lanes& sum) {
    sum >>= kWeightBits;
    sum = sum < 0 ? Lanes{} : sum;
    sum = sum > 255 ? Lanes{} + 255 : sum;
}

// Up to kTileRows rows, interleaved: column x holds a pixel of every row, each as red, green,
// blue and one unused lane.
using Tile = std::vector<std::array<Lanes, kPixelVectors>>;

void fill_tile(const View& source, int top, int rows, Tile& tile) {
    auto* lanes = reinterpret_cast<std::int32_t*>(tile.data());
    for (int r = 0; r < rows; ++r) {
        const std::uint8_t* from = source.rgb + source.stride * static_cast<std::size_t>(top + r);
        std::int32_t* to = lanes + 4 * r;
        for (int x = 0; x < source.width; ++x, from += 3, to += 4 * kTileRows) {
            for (std::size_t c = 0; c < 3; ++c) to[c] = from[c];
        }
    }
}

// A tile across; rows of 3 * spans bytes, widened, go to `to`, `stride` apart.
LIP_FOR_EACH_CPU
void filter_across(const Tile& tile, const Taps& taps, int rows, std::int16_t* to,
                   std::size_t stride) {
    for (const Taps::Span& span : taps.spans) {
        const std::int32_t* weight = taps.weights.data() + span.weight;
        const std::array<Lanes, kPixelVectors>* column = tile.data() + span.first;
        Lanes low = Lanes{} + kHalf;
        Lanes high = low;
        for (int k = 0; k < span.count; ++k) {
            low += column[k][0] * weight[k];
            high += column[k][1] * weight[k];
        }
        clamp_to_bytes(low);
        clamp_to_bytes(high);
        std::array<std::int32_t, 2 * kLanes> bytes;
        std::memcpy(bytes.data(), &low, sizeof low);
        std::memcpy(bytes.data() + kLanes, &high, sizeof high);
        for (int r = 0; r < rows; ++r) {
            std::int16_t* pixel = to + stride * static_cast<std::size_t>(r);
            for (std::size_t c = 0; c < 3; ++c) {
                pixel[c] = static_cast<std::int16_t>(bytes[4 * static_cast<std::size_t>(r) + c]);
            }
        }
        to += 3;
    }
}

// One row of the result from `span.count` rows, the first at `from`.
LIP_FOR_EACH_CPU
void filter_down(const std::int16_t* from, std::size_t stride, const Taps::Span& span,
                 const std::int32_t* weight, std::uint8_t* to, std::size_t row_bytes) {
    constexpr std::size_t kBlock = kBlockVectors * kLanes;
    std::size_t x = 0;
    for (; x + kBlock <= row_bytes; x += kBlock) {
        std::array<Lanes, kBlockVectors> sum;
        for (Lanes& s : sum) s = Lanes{} + kHalf;
        const std::int16_t* column = from + x;
        for (int k = 0; k < span.count; ++k, column += stride) {
            for (std::size_t b = 0; b < kBlockVectors; ++b) {
                ShortLanes bytes;
                std::memcpy(&bytes, column + b * kLanes, sizeof bytes);
                sum[b] += __builtin_convertvector(bytes, Lanes) * weight[k];
            }
        }
        for (std::size_t b = 0; b < kBlockVectors; ++b) {
            clamp_to_bytes(sum[b]);
            for (std::size_t i = 0; i < kLanes; ++i) {
                to[x + b * kLanes + i] = static_cast<std::uint8_t>(sum[b][i]);
            }
        }
    }
    for (; x < row_bytes; ++x) {
        std::int32_t sum = kHalf;
        const std::int16_t* column = from + x;
        for (int k = 0; k < span.count; ++k, column += stride) sum += *column * weight[k];
        to[x] = to_byte(sum);
    }
}

bool is_identity(const Axis& axis) {
    return axis.from == 0 && axis.to == static_cast<float>(axis.in) && axis.out == axis.in &&
           axis.count == axis.in;
}

// Rows top .. bottom - 1 of the source, filtered across into rows of 3 * across.count numbers.
std::vector<std::int16_t> pass_across(const View& source, const Axis& across, Filter filter,
                                      int top, int bottom) {
    const std::size_t row_size = 3 * static_cast<std::size_t>(across.count);
    std::vector<std::int16_t> rows(row_size * static_cast<std::size_t>(bottom - top));
    std::int16_t* to = rows.data();
    // Pillow leaves out a pass that would change nothing; all its weights would be exactly 1.
    if (is_identity(across)) {
        for (int y = top; y < bottom; ++y, to += row_size) {
            const std::uint8_t* from = source.rgb + source.stride * static_cast<std::size_t>(y);
            std::copy(from, from + row_size, to);
        }
        return rows;
    }
    const Taps taps = make_taps(across, filter);
    Tile tile(static_cast<std::size_t>(source.width));
    for (int y = top; y < bottom; y += kTileRows) {
        const int count = std::min(kTileRows, bottom - y);
        fill_tile(source, y, count, tile);
        filter_across(tile, taps, count, to, row_size);
        to += row_size * static_cast<std::size_t>(count);
    }
    return rows;
}

}  // namespace

Image resample(const View& source, const Axis& across, const Axis& down, Filter filter) {
    const Taps taps = make_taps(down, filter);
    const int top = taps.spans.front().first;
    const int bottom = taps.spans.back().first + taps.spans.back().count;
    const std::vector<std::int16_t> rows = pass_across(source, across, filter, top, bottom);
    Image out = make_image(across.count, down.count);
    const std::size_t row_size = 3 * static_cast<std::size_t>(out.width);
    std::uint8_t* to = out.rgb.data();
    for (const Taps::Span& span : taps.spans) {
        const std::int16_t* from =
            rows.data() + row_size * static_cast<std::size_t>(span.first - top);
        filter_down(from, row_size, span, taps.weights.data() + span.weight, to, row_size);
        to += row_size;
    }
    return out;
}

}  // namespace lip::image
