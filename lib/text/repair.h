// Repairs of text as ftfy 6.3.1 makes them with its defaults (ftfy.fix_text), which open_clip does
// before it counts tokens.
//
// All of fix_text's steps are here: character references (none from the first line with '<' on),
// mojibake, C1 controls, Latin ligatures, full- and half-width forms, straight quotes, line breaks,
// surrogates, terminal escapes, control characters, NFC; again until nothing changes, a line at a
// time. Not here: what ftfy does only when asked (other normal forms, explanations, decoding of
// escapes, guessing of bytes). One known difference: CESU-8 cut short right before the last line
// feed of a text counts as no UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace lip::text {

// Pure: any thread may call it.
std::u32string repair_text(std::u32string_view text);

}  // namespace lip::text
