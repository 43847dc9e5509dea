// Unicode beyond the splitter's letters.h: exact classes, full lower case, NFC. Version 15.0.
// Code points above U+10FFFF and surrogates have no class and stay as they are.
// All functions are pure: any thread may call them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lip::text {

// A property of one character; flags as in unicode_table.h.
std::uint8_t code_flags(char32_t code);

// General category L* or N*: \p{L} and \p{N} of regular expressions.
bool is_unicode_letter(char32_t code);
bool is_unicode_number(char32_t code);
// Nd: the decimal digits of any script.
bool is_decimal_digit(char32_t code);
// White_Space, \s of regular expressions: utf8.h's is_space without U+001C to U+001F.
bool is_pattern_space(char32_t code);

// The lower-case letter of one character. U+0130 has two, see append_lower_of.
char32_t simple_lower(char32_t code);
// Appends the lower case of one character without looking at its neighbours: sigma is always σ.
void append_lower_of(std::u32string& out, char32_t code);
// Lower case of a text as Python's str.lower: a Σ that ends a word becomes ς.
std::u32string lower_text(std::u32string_view text);

// Normalisation form C.
bool is_surely_nfc(std::u32string_view text);  // false: it may be or not
std::u32string to_nfc(std::u32string_view text);

// Ill-formed UTF-8 becomes U+FFFD as in replace_invalid_utf8; a surrogate that was encoded like a
// character is decoded like one with `keep_surrogates`.
std::u32string to_code_points(std::string_view text, bool keep_surrogates = false);
std::string to_utf8(std::u32string_view text);

}  // namespace lip::text
