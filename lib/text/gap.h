// What may lie between two sentences: white space, end-of-sequence tokens, escaped newlines, <br>.
#pragma once

#include <cstddef>
#include <string_view>

namespace lip::text {

struct Gap {
    std::size_t begin;
    std::size_t end;    // begin == end: nothing here
    bool is_break;      // blank line in any form, or an end-of-sequence token: always a border
    bool has_newline;   // a single line end, or a line tag
    bool has_line_tag;  // "<br>"
    bool starts_blank;  // the first character is white space within the line
};

// Bytes of "</s>" or "<s>" at `pos`, else 0: what decoders of the LLaVA family leave behind.
std::size_t eos_token_size(std::string_view text, std::size_t pos);

// Bytes of a tag that ends a line at `pos`, else 0: "<br>", "<BR/>", "<br />", "</br>".
std::size_t line_tag_size(std::string_view text, std::size_t pos);
// Bytes of such a tag that ends at `pos`.
std::size_t line_tag_size_before(std::string_view text, std::size_t pos);

// True for the two characters backslash and n at `pos`, unless they belong to a path: "C:\new".
bool is_escaped_newline(std::string_view text, std::size_t pos);

// True if one of these, or white space, ends right before `pos`; also at the start of the text.
bool is_after_gap(std::string_view text, std::size_t pos);

// The longest gap from `pos`. A blank line is two line ends with only white space between, three
// spaces in a row, or an escaped newline. A line tag and a newline after it are one line end.
Gap scan_gap(std::string_view text, std::size_t pos);

}  // namespace lip::text
