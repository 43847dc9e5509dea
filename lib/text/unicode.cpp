#include "text/unicode.h"

#include "text/letters.h"
#include "text/unicode_table.h"
#include "text/utf8.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <vector>

namespace lip::text {
namespace {

constexpr char32_t kBmpSize = 0x10000;
constexpr char32_t kSigma = 0x3A3, kSmallSigma = 0x3C3, kFinalSigma = 0x3C2;

// One of `runs` that holds `code`, or null.
template <typename Run>
const Run* find_run(std::span<const Run> runs, char32_t code) {
    const auto after = std::upper_bound(runs.begin(), runs.end(), code,
                                        [](char32_t c, const Run& run) { return c < run.first; });
    if (after == runs.begin()) return nullptr;
    const Run& run = *std::prev(after);
    return code <= run.last ? &run : nullptr;
}

// Flags of the basic plane, a byte each: nearly all text is there.
std::vector<std::uint8_t> expand_flags() {
    std::vector<std::uint8_t> flags(kBmpSize, 0);
    for (const CodeFlags& run : std::span(kCodeFlags, kCodeFlagsSize))
        for (char32_t c = run.first; c <= run.last && c < kBmpSize; ++c) flags[c] = run.flags;
    for (const CombiningRun& run : std::span(kCombiningRuns, kCombiningRunsSize))
        for (char32_t c = run.first; c <= run.last && c < kBmpSize; ++c) flags[c] |= kCombiningFlag;
    return flags;
}

// Lower-case letters of the basic plane: all of them stay in it.
std::vector<char16_t> expand_lower() {
    std::vector<char16_t> lower(kBmpSize);
    for (char32_t c = 0; c < kBmpSize; ++c) lower[c] = static_cast<char16_t>(c);
    for (const LowerRun& run : std::span(kLowerRuns, kLowerRunsSize))
        for (char32_t c = run.first; c <= run.last && c < kBmpSize; c += run.step)
            lower[c] = static_cast<char16_t>(static_cast<std::int32_t>(c) + run.offset);
    return lower;
}

bool is_ignorable(char32_t code) {
    return code_flags(code) & kCaseIgnorableFlag;
}

// Whether the Σ at `at` ends a word: a cased character before it and none after, those that case
// does not see left out (Unicode, table 3-17).
bool ends_word(std::u32string_view text, std::size_t at) {
    std::size_t before = at;
    while (before > 0 && is_ignorable(text[before - 1])) --before;
    if (before == 0 || !(code_flags(text[before - 1]) & kCasedFlag)) return false;
    std::size_t after = at + 1;
    while (after < text.size() && is_ignorable(text[after])) ++after;
    return after == text.size() || !(code_flags(text[after]) & kCasedFlag);
}

}  // namespace

std::uint8_t code_flags(char32_t code) {
    static const std::vector<std::uint8_t> kFlags = expand_flags();
    if (code < kBmpSize) return kFlags[code];
    const auto* run = find_run(std::span(kCodeFlags, kCodeFlagsSize), code);
    const bool combines = find_run(std::span(kCombiningRuns, kCombiningRunsSize), code);
    return static_cast<std::uint8_t>((run ? run->flags : 0) | (combines ? kCombiningFlag : 0));
}

bool is_unicode_letter(char32_t code) {
    return code_flags(code) & kLetterFlag;
}

bool is_unicode_number(char32_t code) {
    return code_flags(code) & kNumberFlag;
}

bool is_decimal_digit(char32_t code) {
    return code_flags(code) & kDecimalFlag;
}

bool is_pattern_space(char32_t code) {
    return is_space(code) && (code < 0x1C || code > 0x1F);
}

char32_t simple_lower(char32_t code) {
    static const std::vector<char16_t> kLower = expand_lower();
    if (code < kBmpSize) return kLower[code];
    const auto* run = find_run(std::span(kLowerRuns, kLowerRunsSize), code);
    if (!run || (code - run->first) % run->step != 0) return code;
    return static_cast<char32_t>(static_cast<std::int32_t>(code) + run->offset);
}

void append_lower_of(std::u32string& out, char32_t code) {
    out += simple_lower(code);
    // The one character whose lower case is longer: i with its dot kept.
    if (code == 0x130) out += char32_t{0x307};
}

std::u32string lower_text(std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == kSigma)
            out += ends_word(text, i) ? kFinalSigma : kSmallSigma;
        else
            append_lower_of(out, text[i]);
    }
    return out;
}

std::u32string to_code_points(std::string_view text, bool keep_surrogates) {
    std::u32string out;
    out.reserve(text.size());
    const auto byte = [&](std::size_t at) {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
    };
    for (std::size_t pos = 0; pos < text.size();) {
        const Decoded c = decode_at(text, pos);
        if (c.code != kInvalidByte) {
            out += c.code;
            pos += c.size;
        } else if (keep_surrogates && byte(pos) == 0xED && byte(pos + 1) >= 0xA0 &&
                   byte(pos + 1) <= 0xBF && (byte(pos + 2) & 0xC0) == 0x80) {
            out += 0xD000 | (byte(pos + 1) & 0x3F) << 6 | (byte(pos + 2) & 0x3F);
            pos += 3;
        } else {
            out += char32_t{0xFFFD};
            pos += ill_formed_size(text, pos);
        }
    }
    return out;
}

std::string to_utf8(std::u32string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char32_t c : text) append_utf8(out, c);
    return out;
}

}  // namespace lip::text
