// The inner loops of resampling, in plain C++ and for processors with AVX2; private to the room.
// All is done in integers: both give the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lip::image {

// Bits behind the point of a weight. kExact is Pillow's; kFast needs half the multiplications and
// moves few bytes by one.
enum class Precision : int {
    kExact = 22,  // 32 - 8 for the pixel - 2 for weights that add up beyond 1
    kFast = 14,   // 16 - 2
};

// An exact weight is high * 2^kLowBits + low, so that both parts fit the 16-bit products of
// vectors.
constexpr int kLowBits = 11;

constexpr int kGroup = 4;             // pixels that vectors take at once
constexpr std::size_t kPadding = 64;  // bytes behind a row that may be read or overwritten

// For every pixel of the result the source pixels that enter, and their weights in fixed point.
struct Taps {
    struct Span {
        int first;  // source pixel
        int count;
        std::size_t weight;  // where they start in `weights`; behind an odd count stands a zero
    };
    Precision precision = Precision::kExact;
    std::vector<Span> spans;
    std::vector<std::int32_t> weights;
    // The weights again in 16 bits, the same number of groups for each span (filled up with zeros),
    // so that no branch has to be guessed: kFast as they are; kExact the high parts of a group and
    // then its low parts.
    std::vector<std::int16_t> parts;
    std::vector<int> starts;  // source pixel of a span's first group
    int groups = 0;           // of a span
};

// Appends the span and its weights, which stand for numbers that add up to 1.
void add_span(int first, const std::vector<double>& weights, Taps& taps);

// Fills the rest, when all spans are there: RowFilters::across reads it. `in` is the number of
// source pixels; groups begin so far left that they go beyond its end by three pixels at most.
void make_parts(int in, Taps& taps);

struct RowFilters {
    // A row of RGB pixels across, three bytes a span. kPadding bytes behind `row` are read,
    // whatever they are, and those behind `to` are overwritten.
    void (*across)(const std::uint8_t* row, const Taps& taps, std::uint8_t* to);
    // The weighted sum of span.count rows of `bytes` bytes. kPadding bytes behind each row can be
    // read.
    void (*down)(const std::uint8_t* const* rows, const Taps& taps, const Taps::Span& span,
                 std::uint8_t* to, std::size_t bytes);
    // RGB pixels to three planes.
    void (*split)(const std::uint8_t* rgb, std::size_t pixels, std::uint8_t* planes);
};

extern const RowFilters kPlainFilters;

// Null where the processor or the compiler has none.
const RowFilters* avx2_filters();

// The fastest of this processor.
const RowFilters& row_filters();

}  // namespace lip::image
