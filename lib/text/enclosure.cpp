#include "text/enclosure.h"

#include "text/gap.h"
#include "text/letters.h"
#include "text/stop.h"
#include "text/utf8.h"

#include <algorithm>
#include <iterator>

namespace lip::text {
namespace {

struct Pair {
    char32_t open;
    char32_t close;
    bool is_bracket;
};

constexpr std::size_t kMaxDepth = 4;  // brackets in brackets

constexpr Pair kPairs[] = {
    {U'"', U'"', false},
    {U'(', U')', true},
    {U'[', U']', true},
    {U'\u201C', U'\u201D', false},
    {U'\u201E', U'\u201C', false},
    {U'\u00AB', U'\u00BB', false},
    {U'\u300C', U'\u300D', false},
    {U'\u300E', U'\u300F', false},
    {U'\u00BB', U'\u00AB', false},
    {U'\uFF08', U'\uFF09', true},
};

bool is_word(char32_t code) {
    return is_digit(code) || letter_case(code) != LetterCase::kNone;
}

// A straight quote opens after white space or an opening mark, and before something visible.
bool opens_here(std::string_view text, std::size_t floor, std::size_t pos) {
    if (pos + 1 >= text.size() || space_size_at(text, pos + 1) > 0) return false;
    if (pos == floor) return true;
    const char32_t before = decode_before(text, pos, floor).code;
    return !is_word(before) && !is_closer(before) &&
           mark_size(text, pos - decode_before(text, pos, floor).size) == 0;
}

// A straight quote closes after something visible, with no word right behind it.
bool closes_here(std::string_view text, std::size_t pos) {
    if (space_size_before(text, pos) > 0) return false;
    return pos + 1 >= text.size() || !is_word(decode_at(text, pos + 1).code);
}

// Bytes that are no gap and neither end of the pair.
bool is_ordinary(char byte, const Pair& pair) {
    const auto c = static_cast<unsigned char>(byte);
    return c > 0x20 && c < 0x80 && c != '<' && c != '\\' && c != pair.open && c != pair.close;
}

std::size_t find_close(std::string_view text, std::size_t pos, std::size_t limit,
                       const Pair& pair) {
    const bool ascii = pair.close < 0x80;
    const std::string_view window = text.substr(pos, limit > pos ? limit - pos : 0);
    if (ascii && window.find(static_cast<char>(pair.close)) == window.npos) return 0;
    std::size_t depth = 1;
    while (pos < limit) {
        if (ascii && is_ordinary(text[pos], pair)) {
            ++pos;
            continue;
        }
        const Gap gap = scan_gap(text, pos);
        if (gap.is_break || gap.has_newline) return 0;
        pos = gap.end;
        if (pos >= limit) return 0;
        const Decoded c = decode_at(text, pos);
        if (c.code == pair.close) {
            if (pair.open == pair.close && !closes_here(text, pos)) return 0;
            if (--depth == 0) return pos;
        } else if (c.code == pair.open && ++depth > kMaxDepth) {
            return 0;
        }
        pos += c.size;
    }
    return 0;
}

}  // namespace

Enclosure find_enclosure(std::string_view text, std::size_t floor, std::size_t pos,
                         std::size_t limit) {
    const Decoded c = decode_at(text, pos);
    const auto* pair = std::find_if(std::begin(kPairs), std::end(kPairs),
                                    [&](const Pair& p) { return p.open == c.code; });
    if (pair == std::end(kPairs)) return {};
    if (pair->open == pair->close && !opens_here(text, floor, pos)) return {};
    limit = std::min({limit, text.size(), pos + kMaxEnclosure});
    const std::size_t close = find_close(text, pos + c.size, limit, *pair);
    if (close == 0) return {};
    return {pos, close, close + decode_at(text, close).size, pair->is_bracket};
}

}  // namespace lip::text
