#include "text/byte_mojibake.h"

#include "text/unicode.h"
#include "text/utf8.h"

#include <array>
#include <cstdint>
#include <span>

namespace lip::text {
namespace {

constexpr unsigned char kLost = 0x1A;  // what a byte that nobody knows is written as

// Sets of bytes, named by a letter in the patterns below.
bool is_in(char set, unsigned char byte) {
    const bool continues = byte >= 0x80 && byte <= 0xBF;
    switch (set) {
        case ' ':
            return byte == ' ';
        case 'L':  // lost
            return byte == kLost;
        case '?':
            return byte == '?';
        case 'Q':  // lost or '?'
            return byte == kLost || byte == '?';
        case 'c':
            return continues;
        case 'C':  // continuation or lost
            return continues || byte == kLost;
        case 'B':  // continuation, lost or '?'
            return continues || byte == kLost || byte == '?';
        case 'k':  // continuation but for A0 and 85, which often mean something else
            return continues && byte != 0x85 && byte != 0xA0;
        case 'a':  // leads to likely characters before A0
            return byte == 0xC2 || byte == 0xC3 || byte == 0xC5 || byte == 0xCE || byte == 0xD0 ||
                   byte == 0xD9;
        case 'e':
            return byte == 0xE2 || byte == 0xE3;
        case 'E':
            return byte >= 0xE0 && byte <= 0xE3;
        case 'f':
            return byte == 0xF0;
        case '2':  // first bytes of sequences of 2, 3 and 4
            return byte >= 0xC2 && byte <= 0xDF;
        case '3':
            return byte >= 0xE0 && byte <= 0xEF;
        case '4':
            return byte >= 0xF0 && byte <= 0xF4;
        case 'l':  // first bytes of Latin-1's letters
            return byte == 0xC2 || byte == 0xC3;
        case 'd':
            return byte == 0xED;
        case 'h':  // second byte of a high, a low surrogate
            return byte >= 0xA0 && byte <= 0xAF;
        case 'w':
            return byte >= 0xB0 && byte <= 0xBF;
    }
    return false;
}

// UTF-8 but for a space in the place of A0.
constexpr std::string_view kAltered[] = {"a ", "e k", "Ek ", "f cc", "fc c", "fcc "};
// UTF-8 with lost bytes, in the order in which they are tried.
constexpr std::string_view kLossy[] = {"2L",  "l?",   "dhQdwB", "dhBdwQ", "3QC",
                                       "3CQ", "4QCC", "4CQC",   "4CCQ",   "L"};

// How many bytes at `pos` match one of `patterns`, 0 if none does.
std::size_t match_at(std::span<const std::string_view> patterns, std::string_view bytes,
                     std::size_t pos) {
    for (const std::string_view pattern : patterns) {
        if (bytes.size() - pos < pattern.size()) continue;
        std::size_t n = 0;
        while (n < pattern.size() && is_in(pattern[n], static_cast<unsigned char>(bytes[pos + n])))
            ++n;
        if (n == pattern.size()) return n;
    }
    return 0;
}

// "Ã la" was "à la" and not "àla": the word à keeps its space. Portuguese goes on after it.
std::string restore_word_a_grave(std::string_view bytes) {
    constexpr std::string_view kGoesOn[] = {" ", "quele", "quela", "quilo", "s "};
    std::string out;
    for (std::size_t pos = 0; pos < bytes.size();) {
        bool is_word = bytes.substr(pos, 2) == "\xC3 ";
        for (const std::string_view next : kGoesOn)
            is_word = is_word && !bytes.substr(pos + 2).starts_with(next);
        if (is_word) {
            out += "\xC3\xA0 ";
            pos += 2;
        } else {
            out += bytes[pos++];
        }
    }
    return out;
}

// ftfy's expressions say "the end" with $, which is also true before a last line feed.
bool at_end(std::string_view bytes, std::size_t pos) {
    return pos >= bytes.size() || (pos + 1 == bytes.size() && bytes[pos] == '\n');
}

bool is_surrogate_bytes(std::string_view bytes, std::size_t pos) {
    const auto second = static_cast<unsigned char>(pos + 1 < bytes.size() ? bytes[pos + 1] : '\0');
    return bytes[pos] == '\xED' && ((second >= 0xA0 && second <= 0xBF) || at_end(bytes, pos + 1));
}

// The character of two surrogates encoded one by one at `pos`, 0 if they are not there.
char32_t surrogate_pair_at(std::string_view bytes, std::size_t pos) {
    constexpr std::array<std::string_view, 1> kPair = {"dhcdwc"};
    if (!match_at(kPair, bytes, pos)) return 0;
    const auto low_bits = [&](std::size_t at, char32_t mask) {
        return static_cast<unsigned char>(bytes[pos + at]) & mask;
    };
    return 0x10000 + (low_bits(1, 0xF) << 16 | low_bits(2, 0x3F) << 10 | low_bits(4, 0xF) << 6 |
                      low_bits(5, 0x3F));
}

}  // namespace

std::string restore_byte_a0(std::string_view bytes) {
    std::string out = restore_word_a_grave(bytes);
    for (std::size_t pos = 0; pos < out.size();) {
        const std::size_t size = match_at(kAltered, out, pos);
        for (std::size_t i = pos; i < pos + size; ++i)
            if (out[i] == ' ') out[i] = '\xA0';
        pos += size ? size : 1;
    }
    return out;
}

std::string replace_lossy_sequences(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (std::size_t pos = 0; pos < bytes.size();) {
        if (const std::size_t size = match_at(kLossy, bytes, pos)) {
            out += "\xEF\xBF\xBD";
            pos += size;
        } else {
            out += bytes[pos++];
        }
    }
    return out;
}

std::optional<std::u32string> decode_utf8(std::string_view bytes) {
    std::u32string out;
    out.reserve(bytes.size());
    for (std::size_t pos = 0; pos < bytes.size();) {
        const Decoded c = decode_at(bytes, pos);
        if (c.code == kInvalidByte) return std::nullopt;
        out += c.code;
        pos += c.size;
    }
    return out;
}

std::optional<std::u32string> decode_utf8_variants(std::string_view bytes) {
    std::u32string out;
    out.reserve(bytes.size());
    for (std::size_t pos = 0; pos < bytes.size();) {
        const bool is_null = bytes[pos] == '\xC0' && pos + 1 < bytes.size() &&
                             (bytes[pos + 1] == '\x80' || at_end(bytes, pos + 1));
        if (is_null) {
            out += char32_t{0};
            pos += 2;
        } else if (is_surrogate_bytes(bytes, pos)) {
            const char32_t pair = surrogate_pair_at(bytes, pos);
            if (!pair) return std::nullopt;
            out += pair;
            pos += 6;
        } else {
            const Decoded c = decode_at(bytes, pos);
            if (c.code == kInvalidByte) return std::nullopt;
            out += c.code;
            pos += c.size;
        }
    }
    return out;
}

}  // namespace lip::text
