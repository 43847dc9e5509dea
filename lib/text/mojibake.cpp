#include "text/mojibake.h"

#include "text/byte_mojibake.h"
#include "text/mojibake_table.h"
#include "text/unicode.h"
#include "text/utf8.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace lip::text {
namespace {

constexpr Places operator&(Places a, Places b) {
    return {a.low & b.low, a.high & b.high};
}
constexpr Places operator|(Places a, Places b) {
    return {a.low | b.low, a.high | b.high};
}
constexpr Places next_places(Places p) {
    return {p.low << 1, p.high << 1 | p.low >> 63};
}
constexpr bool any(Places p) {
    return p.low | p.high;
}

const MojibakeClass* find_class(char32_t code) {
    const std::span runs(kMojibakeRuns, kMojibakeRunsSize);
    const auto after =
        std::upper_bound(runs.begin(), runs.end(), code,
                         [](char32_t c, const MojibakeRun& run) { return c < run.first; });
    if (after == runs.begin()) return nullptr;
    const MojibakeRun& run = *(after - 1);
    return code <= run.last ? &kMojibakeClasses[run.index] : nullptr;
}

Places places_of(char32_t code) {
    if (const MojibakeClass* found = find_class(code)) return found->places;
    if (is_unicode_letter(code) || is_unicode_number(code)) return kBadOtherWord;
    return is_space(code) ? kBadOtherSpace : kBadOther;
}

std::uint8_t clues_of(char32_t code) {
    const MojibakeClass* found = find_class(code);
    return found ? found->clues : 0;
}

bool is_ascii(std::u32string_view text) {
    return std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; });
}

// A one-byte encoding: how its characters are written. Latin-1 is the one without a table.
class Encoding {
public:
    explicit Encoding(const Charmap* map) : map_(map) {
        for (std::size_t i = 0; map && i < std::size(map->upper_half); ++i)
            bytes_[map->upper_half[i]] = static_cast<char>(0x80 + i);
        if (is_sloppy()) bytes_[0xFFFD] = '\x1A';
    }
    bool is_sloppy() const { return map_ && map_->is_sloppy; }
    bool is_macroman() const { return map_ && map_->is_macroman; }

    // Nothing if a character is not in the encoding.
    std::optional<std::string> encode(std::u32string_view text) const {
        std::string out;
        out.reserve(text.size());
        for (const char32_t c : text) {
            if (c < 0x80 ? c != 0x1A || !is_sloppy() : !map_ && c < 0x100) {
                out += static_cast<char>(c);
                continue;
            }
            const auto found = bytes_.find(c);
            if (found == bytes_.end()) return std::nullopt;
            out += found->second;
        }
        return out;
    }

private:
    const Charmap* map_;
    std::unordered_map<char32_t, char> bytes_;
};

// In the order in which they are tried; the first is Latin-1, the second Windows-1252.
const std::vector<Encoding>& encodings() {
    static const std::vector<Encoding> kEncodings = [] {
        std::vector<Encoding> all{Encoding(nullptr)};
        for (const Charmap& map : std::span(kCharmaps, kCharmapsSize)) all.emplace_back(&map);
        return all;
    }();
    return kEncodings;
}

// Windows-1252 has no characters for these; it is the first table.
char32_t windows_1252(char32_t byte) {
    return kCharmaps[0].upper_half[byte - 0x80];
}
bool is_c1(char32_t c) {
    return c >= 0x80 && c <= 0x9F;
}

// The whole text as UTF-8 that was read in `encoding`.
std::optional<std::u32string> reread(std::string bytes, const Encoding& encoding) {
    // In MacRoman a dash before a space would look like such a byte.
    if (!encoding.is_macroman()) bytes = restore_byte_a0(bytes);
    if (encoding.is_sloppy()) bytes = replace_lossy_sequences(bytes);
    const bool variants = bytes.find_first_of("\xC0\xED") != bytes.npos;
    return variants ? decode_utf8_variants(bytes) : decode_utf8(bytes);
}

// Characters from `pos` that look like UTF-8 sequences read in one-byte encodings, 0 if none.
std::size_t sequences_at(std::u32string_view text, std::size_t pos) {
    if (pos > 0 && (clues_of(text[pos - 1]) & kStrictContinuation)) return 0;
    std::size_t end = pos;
    while (end < text.size()) {
        const std::uint8_t first = clues_of(text[end]);
        const std::size_t size = first & kFirstOf2   ? 2
                                 : first & kFirstOf3 ? 3
                                 : first & kFirstOf4 ? 4
                                                     : 0;
        std::size_t n = 1;
        while (n < size && end + n < text.size() && (clues_of(text[end + n]) & kContinuation)) ++n;
        if (size == 0 || n < size) break;
        end += size;
    }
    return end - pos;
}

// Mends sequences that look garbled one by one where no encoding explains the whole text.
std::u32string fix_parts(std::u32string_view text) {
    std::u32string out;
    for (std::size_t pos = 0; pos < text.size();) {
        const std::size_t size = sequences_at(text, pos);
        if (size == 0) {
            out += text[pos++];
            continue;
        }
        const std::u32string_view part = text.substr(pos, size);
        // The whole text again would never end.
        const bool mend = size < text.size() && looks_garbled(part);
        out += mend ? fix_encoding(std::u32string(part)) : std::u32string(part);
        pos += size;
    }
    return out;
}

// Latin-1 with controls was Windows-1252. Nothing if that has no such characters either.
std::optional<std::u32string> latin1_as_windows1252(std::u32string_view text) {
    std::u32string out(text);
    for (char32_t& c : out) {
        if (!is_c1(c)) continue;
        if (windows_1252(c) == c) return std::nullopt;
        c = windows_1252(c);
    }
    return out;
}

std::u32string fix_encoding_once(std::u32string_view text) {
    if (is_ascii(text) || !looks_garbled(text)) return std::u32string(text);
    for (const Encoding& encoding : encodings()) {
        const auto bytes = encoding.encode(text);
        if (!bytes) continue;
        if (auto found = reread(*bytes, encoding)) return *found;
    }
    std::u32string parts = fix_parts(text);
    if (parts != text) return parts;
    if (std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x100; })) {
        auto found = latin1_as_windows1252(text);
        if (found && *found != text) return *found;
    }
    fix_c1_controls(parts);
    return parts;
}

}  // namespace

bool looks_garbled(std::u32string_view text) {
    // All sequences side by side: a bit is set where the sequence so far has been seen.
    Places seen{0, 0};
    Places starts = kBadStarts | kBadAnchored;
    for (const char32_t c : text) {
        seen = (next_places(seen) | starts) & places_of(c);
        if (any(seen & kBadEnds)) return true;
        starts = kBadStarts;
    }
    return false;
}

std::u32string fix_encoding(std::u32string text) {
    while (true) {
        std::u32string next = fix_encoding_once(text);
        if (next == text) return next;
        text = std::move(next);
    }
}

void fix_c1_controls(std::u32string& text) {
    for (char32_t& c : text)
        if (is_c1(c)) c = windows_1252(c);
}

}  // namespace lip::text
