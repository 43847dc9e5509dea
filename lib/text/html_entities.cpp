#include "text/html_entities.h"

#include "text/html_entity_table.h"
#include "text/letters.h"
#include "text/unicode.h"

#include <algorithm>
#include <optional>
#include <span>

namespace lip::text {
namespace {

constexpr std::size_t kMaxName = 32;        // characters of a name, ';' not counted
constexpr std::size_t kMaxClosedName = 24;  // the same in unescape_closed_html, '#' not counted

constexpr char16_t kWindows1252[32] = {
    0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021, 0x2C6,  0x2030, 0x160,
    0x2039, 0x152,  0x8D,   0x17D,  0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178};

bool is_code_digit(char32_t c) {
    return c >= U'0' && c <= U'9';
}
int hex_value(char32_t c) {
    if (is_code_digit(c)) return static_cast<int>(c - U'0');
    if (c >= U'a' && c <= U'f') return static_cast<int>(c - U'a') + 10;
    return c >= U'A' && c <= U'F' ? static_cast<int>(c - U'A') + 10 : -1;
}

const HtmlEntity* find_entity(std::string_view name) {
    const std::span table(kHtmlEntities, kHtmlEntitiesSize);
    const auto found =
        std::lower_bound(table.begin(), table.end(), name,
                         [](const HtmlEntity& e, std::string_view n) { return e.name < n; });
    return found != table.end() && found->name == name ? &*found : nullptr;
}

void append_text(std::u32string& out, const char* text) {
    out += to_code_points(text);
}

bool is_dropped(char32_t code) {
    return (code >= 1 && code <= 8) || code == 0xB || (code >= 0xE && code <= 0x1F) ||
           code == 0x7F || (code >= 0xFDD0 && code <= 0xFDEF) || (code & 0xFFFE) == 0xFFFE;
}

// &#...: the number at `pos` (after '#'). Returns where the reference ends, `pos` if it is none.
std::size_t append_number(std::u32string& out, std::u32string_view text, std::size_t pos) {
    const bool hex = pos < text.size() && (text[pos] == U'x' || text[pos] == U'X');
    const char32_t base = hex ? 16 : 10;
    const std::size_t first = pos + hex;
    std::size_t end = first;
    char32_t code = 0;
    for (; end < text.size(); ++end) {
        const int digit = hex_value(text[end]);
        if (digit < 0 || digit >= static_cast<int>(base)) break;
        code = std::min<char32_t>(code * base + static_cast<char32_t>(digit), 0x110000);
    }
    if (end == first) return pos;
    if (end < text.size() && text[end] == U';') ++end;
    if (code >= 0x80 && code <= 0x9F)
        out += kWindows1252[code - 0x80];
    else if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        out += char32_t{0xFFFD};
    else if (!is_dropped(code))
        out += code;
    return end;
}

bool ends_name(char32_t c) {
    return c == U'\t' || c == U'\n' || c == U'\f' || c == U' ' || c == U'<' || c == U'&' ||
           c == U'#' || c == U';';
}

// &name: the name at `pos` (after '&'). Returns where the reference ends, `pos` if it is none.
std::size_t append_named(std::u32string& out, std::u32string_view text, std::size_t pos) {
    std::string name;
    std::size_t end = pos;
    while (end < text.size() && end - pos < kMaxName && !ends_name(text[end])) {
        // Names are ASCII; any other character only ends the part that can be one.
        name += text[end] < 0x80 ? static_cast<char>(text[end]) : '\0';
        ++end;
    }
    if (end == pos) return pos;
    if (end < text.size() && text[end] == U';') {
        name += ';';
        ++end;
    }
    for (std::size_t size = name.size(); size > 1; --size) {
        if (const HtmlEntity* found = find_entity(std::string_view(name).substr(0, size))) {
            append_text(out, found->text);
            out += text.substr(pos + size, end - pos - size);
            return end;
        }
    }
    return pos;
}

std::size_t append_reference(std::u32string& out, std::u32string_view text, std::size_t pos) {
    return pos < text.size() && text[pos] == U'#' ? append_number(out, text, pos + 1)
                                                  : append_named(out, text, pos);
}

bool is_ascii_alnum(char32_t c) {
    return c < 0x80 && (is_ascii_letter(static_cast<char>(c)) || is_code_digit(c));
}

const char* closed_name(std::string_view name) {
    if (const HtmlEntity* found = find_entity(name)) return found->text;
    if (std::any_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; }))
        return nullptr;
    const HtmlEntity* found = find_entity(ascii_lower(name));
    return found ? found->upper : nullptr;
}

}  // namespace

std::u32string unescape_html(std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t pos = 0; pos < text.size();) {
        if (text[pos] == U'&') {
            const std::size_t begin = pos + 1;
            const std::size_t number = begin < text.size() && text[begin] == U'#' ? 1 : 0;
            const std::size_t end = append_reference(out, text, begin);
            if (end > begin + number) {
                pos = end;
                continue;
            }
        }
        out += text[pos++];
    }
    return out;
}

std::u32string unescape_closed_html(std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t pos = 0; pos < text.size();) {
        if (text[pos] != U'&') {
            out += text[pos++];
            continue;
        }
        std::size_t end = pos + 1;
        const bool number = end < text.size() && text[end] == U'#';
        end += number;
        const std::size_t first = end;
        while (end < text.size() && end - first < kMaxClosedName && is_ascii_alnum(text[end]))
            ++end;
        if (end == first || end == text.size() || text[end] != U';') {
            out += text[pos++];
            continue;
        }
        ++end;
        const std::u32string_view reference = text.substr(pos, end - pos);
        if (number) {
            const std::u32string meant = unescape_html(reference);
            out += meant.find(U';') == meant.npos ? meant : std::u32string(reference);
        } else {
            const char* meant = closed_name(to_utf8(reference.substr(1)));
            if (meant)
                append_text(out, meant);
            else
                out += reference;
        }
        pos = end;
    }
    return out;
}

}  // namespace lip::text
