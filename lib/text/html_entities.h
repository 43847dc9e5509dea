// Character references of HTML 5, &amp; and &#38;, to the characters they stand for.
// All functions are pure: any thread may call them.
#pragma once

#include <string>
#include <string_view>

namespace lip::text {

// As Python's html.unescape: all names, the old ones also without ';', the longest name that the
// text begins with; decimal and hexadecimal numbers, where 128 to 159 mean Windows-1252, surrogates
// and numbers beyond Unicode become U+FFFD, and control and non-characters vanish.
std::u32string unescape_html(std::u32string_view text);

// As ftfy.fixes.unescape_html: only references with ';', also names in capitals (&EACUTE; is É).
std::u32string unescape_closed_html(std::u32string_view text);

}  // namespace lip::text
