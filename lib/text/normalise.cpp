// Normalisation form C (Unicode, section 3.11): decompose, order the marks, compose.
#include "text/unicode.h"
#include "text/unicode_table.h"

#include <algorithm>
#include <span>
#include <unordered_map>

namespace lip::text {
namespace {

// Hangul syllables are composed by arithmetic (section 3.12).
constexpr char32_t kSyllables = 0xAC00, kLeading = 0x1100, kVowels = 0x1161, kTrailing = 0x11A7;
constexpr char32_t kVowelCount = 21, kTrailingCount = 28, kLeadingCount = 19;
constexpr char32_t kSyllableCount = kLeadingCount * kVowelCount * kTrailingCount;

std::uint8_t combining_class(char32_t code) {
    if (!(code_flags(code) & kCombiningFlag)) return 0;
    const std::span runs(kCombiningRuns, kCombiningRunsSize);
    const auto after =
        std::upper_bound(runs.begin(), runs.end(), code,
                         [](char32_t c, const CombiningRun& run) { return c < run.first; });
    return (after - 1)->combining_class;
}

void append_decomposed(std::u32string& out, char32_t code) {
    if (code - kSyllables < kSyllableCount) {
        const char32_t at = code - kSyllables;
        out += kLeading + at / (kVowelCount * kTrailingCount);
        out += kVowels + at / kTrailingCount % kVowelCount;
        if (at % kTrailingCount) out += kTrailing + at % kTrailingCount;
        return;
    }
    const std::span table(kDecompositions, kDecompositionsSize);
    const auto found =
        std::lower_bound(table.begin(), table.end(), code,
                         [](const Decomposition& d, char32_t c) { return d.code < c; });
    if (found == table.end() || found->code != code) {
        out += code;
        return;
    }
    append_decomposed(out, found->a);
    if (found->b) append_decomposed(out, found->b);
}

// The character that `a` and `b` make together, 0 if none.
char32_t composed(char32_t a, char32_t b) {
    static const auto kPairs = [] {
        std::unordered_map<std::uint64_t, char32_t> pairs;
        for (const Decomposition& d : std::span(kDecompositions, kDecompositionsSize))
            if (d.composes) pairs[std::uint64_t{d.a} << 32 | d.b] = d.code;
        return pairs;
    }();
    if (a - kLeading < kLeadingCount && b - kVowels < kVowelCount)
        return kSyllables + ((a - kLeading) * kVowelCount + (b - kVowels)) * kTrailingCount;
    if (a - kSyllables < kSyllableCount && (a - kSyllables) % kTrailingCount == 0 &&
        b > kTrailing && b < kTrailing + kTrailingCount)
        return a + (b - kTrailing);
    const auto found = kPairs.find(std::uint64_t{a} << 32 | b);
    return found == kPairs.end() ? 0 : found->second;
}

void order_marks(std::u32string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (combining_class(text[i]) == 0) continue;
        std::size_t end = i;
        while (end < text.size() && combining_class(text[end]) != 0) ++end;
        std::stable_sort(
            text.begin() + static_cast<std::ptrdiff_t>(i),
            text.begin() + static_cast<std::ptrdiff_t>(end),
            [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
        i = end;
    }
}

void compose(std::u32string& text) {
    std::size_t starter = 0, kept = 0;
    bool has_starter = false;
    int last_class = -1;  // of the kept character before; -1: the starter itself
    for (const char32_t c : text) {
        const int own = combining_class(c);
        // A mark is blocked by one of its own class or higher between it and the starter.
        if (has_starter && last_class < own) {
            if (const char32_t whole = composed(text[starter], c)) {
                text[starter] = whole;
                continue;
            }
        }
        if (own == 0) {
            has_starter = true;
            starter = kept;
        }
        last_class = own == 0 ? -1 : own;
        text[kept++] = c;
    }
    text.resize(kept);
}

}  // namespace

bool is_surely_nfc(std::u32string_view text) {
    std::uint8_t last = 0;
    for (const char32_t c : text) {
        if (c < 0x300) {
            last = 0;
            continue;
        }
        const std::uint8_t flags = code_flags(c);
        if (flags & kMayComposeFlag) return false;
        const std::uint8_t own = flags & kCombiningFlag ? combining_class(c) : 0;
        if (own != 0 && own < last) return false;
        last = own;
    }
    return true;
}

std::u32string to_nfc(std::u32string_view text) {
    if (is_surely_nfc(text)) return std::u32string(text);
    std::u32string out;
    out.reserve(text.size());
    for (const char32_t c : text) append_decomposed(out, c);
    order_marks(out);
    compose(out);
    return out;
}

}  // namespace lip::text
