#include "text/repair.h"

#include "text/html_entities.h"
#include "text/mojibake.h"
#include "text/mojibake_table.h"
#include "text/unicode.h"

#include <algorithm>
#include <span>
#include <utility>

namespace lip::text {
namespace {

constexpr std::size_t kMaxSegment = 1'000'000;  // characters that are mended at once

struct Ligature {
    char32_t code;
    std::u32string_view letters;
};
// Ligatures that come from typesetting and digraphs that come from old encodings; those that people
// write (æ, œ) stay.
constexpr Ligature kLigatures[] = {
    {0x132, U"IJ"},       {0x133, U"ij"},      {0x149, U"\u02BCn"}, {0x1C4, U"D\u017D"},
    {0x1C5, U"D\u017E"},  {0x1C6, U"d\u017E"}, {0x1C7, U"LJ"},      {0x1C8, U"Lj"},
    {0x1C9, U"lj"},       {0x1CA, U"NJ"},      {0x1CB, U"Nj"},      {0x1CC, U"nj"},
    {0x1F1, U"DZ"},       {0x1F2, U"Dz"},      {0x1F3, U"dz"},      {0xFB00, U"ff"},
    {0xFB01, U"fi"},      {0xFB02, U"fl"},     {0xFB03, U"ffi"},    {0xFB04, U"ffl"},
    {0xFB05, U"\u017Ft"}, {0xFB06, U"st"}};

bool append_ligature(std::u32string& out, char32_t c) {
    for (const Ligature& l : kLigatures) {
        if (l.code != c) continue;
        out += l.letters;
        return true;
    }
    return false;
}

bool append_standard_width(std::u32string& out, char32_t c) {
    const std::span forms(kWidthForms, kWidthFormsSize);
    const auto found =
        std::lower_bound(forms.begin(), forms.end(), c,
                         [](const WidthForm& form, char32_t code) { return form.code < code; });
    if (found == forms.end() || found->code != c) return false;
    out += found->a;
    if (found->b) out += found->b;
    return true;
}

// Ligatures, width and quotes: one character at a time, and what comes out is not looked at again
// in this round but for quotes.
std::u32string plain_letters(std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (const char32_t c : text) {
        const std::size_t before = out.size();
        if (c < 0x132 || (!append_ligature(out, c) && !append_standard_width(out, c))) out += c;
        for (std::size_t i = before; i < out.size(); ++i) {
            if (out[i] == 0x2BC || (out[i] >= 0x2018 && out[i] <= 0x201B)) out[i] = U'\'';
            if (out[i] >= 0x201C && out[i] <= 0x201F) out[i] = U'"';
        }
    }
    return out;
}

std::u32string plain_line_breaks(std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char32_t c = text[i];
        if (c == U'\r' && i + 1 < text.size() && text[i + 1] == U'\n') continue;
        const bool breaks = c == U'\r' || c == 0x2028 || c == 0x2029 || c == 0x85;
        out += breaks ? U'\n' : c;
    }
    return out;
}

bool is_surrogate(char32_t c) {
    return c >= 0xD800 && c <= 0xDFFF;
}

std::u32string fix_surrogates(std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char32_t c = text[i], next = i + 1 < text.size() ? text[i + 1] : 0;
        if (c >= 0xD800 && c <= 0xDBFF && next >= 0xDC00 && next <= 0xDFFF) {
            out += 0x10000 + ((c - 0xD800) << 10) + (next - 0xDC00);
            ++i;
        } else {
            out += is_surrogate(c) ? char32_t{0xFFFD} : c;
        }
    }
    return out;
}

// Characters of the terminal escape (colour, cursor) at `pos`, 0 if there is none.
std::size_t escape_size(std::u32string_view text, std::size_t pos) {
    if (text[pos] != 0x1B || pos + 1 >= text.size() || text[pos + 1] != U'[') return 0;
    std::size_t end = pos + 2;
    // \d of Python's expressions is any decimal digit of Unicode; other numbers end the escape.
    while (end < text.size() && (text[end] == U';' || is_decimal_digit(text[end]))) ++end;
    if (end == text.size()) return 0;
    const char32_t last = text[end] | 0x20;
    return last >= U'a' && last <= U'z' && text[end] < 0x80 ? end + 1 - pos : 0;
}

bool is_useless_control(char32_t c) {
    return c < 0x09 || c == 0x0B || (c >= 0x0E && c < 0x20) || c == 0x7F ||
           (c >= 0x206A && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFC);
}

std::u32string without_controls(std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        if (const std::size_t size = escape_size(text, i)) {
            i += size;
            continue;
        }
        out += text[i++];
    }
    // In a second pass: what is left of an escape after the removal is no escape.
    std::erase_if(out, is_useless_control);
    return out;
}

std::u32string repair_once(std::u32string text, bool unescape) {
    if (unescape && text.find(U'&') != text.npos) text = unescape_closed_html(text);
    text = fix_encoding(std::move(text));
    fix_c1_controls(text);
    text = plain_line_breaks(plain_letters(text));
    text = without_controls(fix_surrogates(text));
    return to_nfc(text);
}

}  // namespace

std::u32string repair_text(std::u32string_view text) {
    std::u32string out;
    bool unescape = true;
    for (std::size_t pos = 0; pos < text.size();) {
        const std::size_t line = text.find(U'\n', pos);
        const std::size_t rest = (line == text.npos ? text.size() : line + 1) - pos;
        std::u32string segment(text.substr(pos, std::min(rest, kMaxSegment)));
        pos += segment.size();
        // Text with tags is HTML: its references are meant. ftfy leaves them alone from here on.
        unescape = unescape && segment.find(U'<') == segment.npos;
        while (true) {
            std::u32string next = repair_once(segment, unescape);
            const bool stable = next == segment;
            segment = std::move(next);
            if (stable) break;
        }
        out += segment;
    }
    return out;
}

}  // namespace lip::text
