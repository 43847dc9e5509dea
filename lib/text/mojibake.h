// Mojibake: UTF-8 that was read in a one-byte encoding ("cafÃ©"), found and undone by the rules of
// ftfy 6.3.1. All functions are pure: any thread may call them.
#pragma once

#include <string>
#include <string_view>

namespace lip::text {

// Whether a sequence of characters occurs that hardly stands in sound text (ftfy.badness.is_bad).
bool looks_garbled(std::u32string_view text);

// ftfy.fix_encoding: reads the text again in the encodings that it may have come through, until it
// no longer looks garbled or nothing helps.
std::u32string fix_encoding(std::u32string text);

// Controls U+0080 to U+009F as the characters that Windows-1252 has there.
void fix_c1_controls(std::u32string& text);

}  // namespace lip::text
