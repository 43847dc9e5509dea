// Quotations and brackets: where the one that opens here closes.
#pragma once

#include <cstddef>
#include <string_view>

namespace lip::text {

inline constexpr std::size_t kMaxEnclosure = 300;  // bytes; a longer one protects nothing

struct Enclosure {
    std::size_t open = 0;
    std::size_t close = 0;    // begin of the closing character; 0: none
    std::size_t end = 0;      // behind it
    bool is_bracket = false;  // else a quotation
};

// The quotation or bracket that opens at `pos` and closes before `limit`, on the same line,
// without a blank line or end-of-sequence token in it. `close` is 0 if there is none: the
// character opens nothing, is an inch mark, or its partner is missing. `floor`: the sentence's
// begin, before which nothing is looked at.
Enclosure find_enclosure(std::string_view text, std::size_t floor, std::size_t pos,
                         std::size_t limit);

}  // namespace lip::text
