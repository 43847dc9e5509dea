// UTF-8 as captions need it: bytes that are not UTF-8 are tolerated, each stands for itself.
// All functions are pure: any thread may call them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lip::text {

// What decode returns for a byte that begins no valid character. Above every Unicode code point.
inline constexpr char32_t kInvalidByte = 0x110000;

struct Decoded {
    char32_t code;     // a scalar value, or kInvalidByte
    std::size_t size;  // bytes, 1..4; 1 for kInvalidByte
};

// decode_at and decode_before for anything but ASCII.
Decoded decode_long_at(std::string_view text, std::size_t pos);
Decoded decode_long_before(std::string_view text, std::size_t pos, std::size_t floor);

// The character that begins at `pos`. Over-long forms, surrogates and values above U+10FFFF are
// invalid. Requires pos < text.size().
inline Decoded decode_at(std::string_view text, std::size_t pos) {
    const auto byte = static_cast<unsigned char>(text[pos]);
    return byte < 0x80 ? Decoded{byte, 1} : decode_long_at(text, pos);
}

// The character that ends right before `pos`, looking no further back than `floor`.
// Requires floor < pos <= text.size().
inline Decoded decode_before(std::string_view text, std::size_t pos, std::size_t floor = 0) {
    const auto byte = static_cast<unsigned char>(text[pos - 1]);
    return byte < 0x80 ? Decoded{byte, 1} : decode_long_before(text, pos, floor);
}

// Where each character of UTF-8 begins, and behind them the end of the text: character i is the
// bytes [i, i + 1) of these.
std::vector<std::size_t> character_starts(std::string_view text);

// White space: U+0009-000D, 001C-0020, 0085, 00A0, 1680, 2000-200A, 2028, 2029, 202F, 205F, 3000.
// Neither U+200B nor U+FEFF.
constexpr bool is_space(char32_t code) {
    if (code <= 0x20) return (code >= 0x09 && code <= 0x0D) || code >= 0x1C;
    if (code < 0x1680) return code == 0x85 || code == 0xA0;
    return code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
           code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

// Bytes of the white-space character at `pos`, 0 if there is none or pos is at the end.
std::size_t space_size_at(std::string_view text, std::size_t pos);

// Bytes of the white-space character that ends at `pos`, 0 if there is none above `floor`.
std::size_t space_size_before(std::string_view text, std::size_t pos, std::size_t floor = 0);

// `text` without white space at both ends; a view into `text`.
std::string_view trim(std::string_view text);

// The last `count` characters of `text`; all of it if it has fewer.
std::string_view last_characters(std::string_view text, int count);

struct Repaired {
    std::string text;
    bool changed;  // something was replaced
};

// Bytes at `pos` that one U+FFFD stands for. Requires that no valid character begins there.
std::size_t ill_formed_size(std::string_view text, std::size_t pos);

// Replaces each maximal ill-formed subsequence by one U+FFFD (Unicode 15, table 3-8).
Repaired replace_invalid_utf8(std::string_view text);

}  // namespace lip::text
