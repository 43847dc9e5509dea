// List markers in running text: "1." "1)" "1.)" "a." "a)" and the bullets • ⁃ - *.
#pragma once

#include "text/abbreviations.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace lip::text {

struct Marker {
    std::size_t begin = 0;
    std::size_t end = 0;      // after the marker, before the white space that follows
    std::uint8_t style = 0;   // equal for markers that can belong to one list
    std::uint32_t value = 0;  // 12 for "12.", 1 for "a)"; 0 for a bullet
    bool is_bullet = false;   // a bullet without a number
    bool is_letter = false;
};

// The marker at `pos`, which is the beginning of a text, line or word: a bullet, a number or one
// letter, or a bullet with one of these. "-" and "*" count if `line_start`. Requires
// pos < text.size().
std::optional<Marker> parse_marker(std::string_view text, std::size_t pos, bool line_start);

// Where items of lists begin: byte offsets, ascending. A list is at least two markers of one
// style whose values rise by one, with text between them. Its first marker begins the text or a
// line, follows a sentence end or a colon, or has the number 1.
std::vector<std::uint32_t> find_list_items(std::string_view text, const Abbreviations& book);

}  // namespace lip::text
