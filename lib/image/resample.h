// The two passes behind resize.h; private to the room. Arguments are checked there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "image/image.h"
#include "image/resize.h"
#include "image/row_filters.h"

namespace lip::image {

struct Size {
    int width;
    int height;
};

// What resize_crop() throws for.
void check_region(const Size& image, const Box& box, int width, int height);

// RGB rows of somebody else, `stride` bytes apart.
struct View {
    const std::uint8_t* rgb;
    int width;
    int height;
    std::size_t stride;
};

// One direction: pixels first .. first + count - 1 of the `out` pixels that the source range
// from .. to becomes.
struct Axis {
    int in;  // pixels of the source, inside and outside of the range
    float from;
    float to;
    std::int64_t out;
    std::int64_t first;
    int count;
};

// All of a source of `in` pixels to `out` pixels.
Axis full_axis(int in, int out);

// An image of across.count x down.count pixels from source rows that come one after the other.
// Keeps as many rows as one row of the result needs. One thread at a time.
class RowResampler {
public:
    RowResampler(const Axis& across, const Axis& down, Filter filter, Precision precision);

    // Rows first_row() .. end_row() - 1 enter; no others are needed.
    int first_row() const { return next_; }
    int end_row() const { return end_; }

    // The rows in their order, across.in pixels each, with kPadding readable bytes behind them.
    void push(const std::uint8_t* row);

    // The result. Requires that all rows were pushed.
    Image take() { return std::move(out_); }

private:
    std::uint8_t* kept(int row);

    const RowFilters& filters_;
    Taps across_, down_;
    bool is_identity_;  // across: rows are kept as they are
    int next_, end_, ring_ = 0;
    std::size_t row_bytes_, slot_bytes_, done_ = 0;
    std::vector<std::uint8_t> rows_;
    std::vector<const std::uint8_t*> entering_;
    Image out_;
};

Image resample(const View& source, const Axis& across, const Axis& down, Filter filter);

}  // namespace lip::image
