// A run of sentence-ending marks, and the words on both sides of it.
#pragma once

#include "text/end_marks.h"
#include "text/letters.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lip::text {

// A run of the marks of end_marks.h; dots may have single spaces between them (". . .").
struct Stop {
    std::size_t begin = 0;
    std::size_t end = 0;          // after the last mark
    std::size_t first_dots = 0;   // dots before the first space; … counts three
    std::size_t spaced_dots = 0;  // dots after it
    bool bang = false;            // has an exclamation or question mark
    bool wide = false;            // has a terminator that needs no white space after it

    std::size_t dots() const { return first_dots + spaced_dots; }
    bool is_ellipsis() const { return dots() > 1; }
};

// The run at `pos`; begin == end if there is no mark.
Stop read_stop(std::string_view text, std::size_t pos);

// Bytes of one mark at `pos`, 0 if none.
std::size_t mark_size(std::string_view text, std::size_t pos);

// The end of the closing quotes and brackets (also * _ ` of markdown) that follow directly at
// `pos`. A straight quote counts if no letter or digit follows it, a turned one before white space
// or the end; what stands at `expected` always counts.
std::size_t closers_end(std::string_view text, std::size_t pos, std::size_t expected);

// True for a quote, bracket, dash or mark of markdown that may open a sentence.
bool is_opener(char32_t code);

struct NextWord {
    enum class Kind : std::uint8_t { kNothing, kLower, kUpper, kDigit, kCaseless, kMark };
    Kind kind = Kind::kNothing;
    std::string_view word;  // letters from its beginning, at most 24 bytes
    std::size_t end = 0;    // after `word`, or after the first character
};

// The word at `pos`, past opening quotes, brackets and dashes.
NextWord look_ahead(std::string_view text, std::size_t pos);

// The letters (and, with `dotted`, the periods between them) that end right before `end`, no
// further back than `floor`. Empty if there are none, or if they go on for more than 24 bytes.
std::string_view look_back(std::string_view text, std::size_t floor, std::size_t end, bool dotted);

// What a period at `end` may abbreviate: look_back with dots, empty within an address or path.
std::string_view word_before_period(std::string_view text, std::size_t floor, std::size_t end);

}  // namespace lip::text
