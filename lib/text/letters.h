// What the splitter must know of a character: is it a letter, and of which case. Own small tables
// for Latin, Greek, Cyrillic and Armenian; letters of all other scripts count as caseless.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lip::text {

enum class LetterCase : std::uint8_t {
    kNone,      // digit, punctuation, symbol, white space, control
    kLower,     // a, é, я
    kUpper,     // A, É, Я
    kCaseless,  // letters of scripts without case; invalid bytes, which count as letters
};

LetterCase letter_case_beyond_ascii(char32_t code);

inline LetterCase letter_case(char32_t code) {
    if (code >= 0x80) return letter_case_beyond_ascii(code);
    if (code >= U'a' && code <= U'z') return LetterCase::kLower;
    return code >= U'A' && code <= U'Z' ? LetterCase::kUpper : LetterCase::kNone;
}

inline bool is_digit(char32_t code) {
    return code >= U'0' && code <= U'9';
}

// ASCII only, for words of our own tables.
constexpr char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr bool is_ascii_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_ascii_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string ascii_lower(std::string_view text);

// True if no byte is above 0x7F.
bool is_ascii(std::string_view text);

// The lower-case form of a letter with case, any other character unchanged.
char32_t to_lower(char32_t code);

// Appends `code` as UTF-8. Requires a scalar value.
void append_utf8(std::string& out, char32_t code);

// Appends `text` in lower case; invalid bytes as they are.
void append_lower(std::string& out, std::string_view text);

// Lower case, runs of white space as one space, trimmed: equal results mean "the same sentence".
// Invalid bytes are kept.
std::string normalise_for_comparison(std::string_view text);

}  // namespace lip::text
