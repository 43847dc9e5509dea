#include "text/clean.h"

#include "text/html_entities.h"
#include "text/letters.h"
#include "text/repair.h"
#include "text/unicode.h"
#include "text/utf8.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace lip::text {
namespace {

constexpr std::array<std::string_view, 8> kNames = {
    "none", "open_clip", "canonicalize", "siglip", "huggingface", "whitespace", "lower", "spaces"};

// str.split and join: runs of white space as one space, none at the ends.
std::u32string squeeze_space(std::u32string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (const char32_t c : text) {
        if (!is_space(c)) {
            out += c;
        } else if (!out.empty() && out.back() != U' ') {
            out += U' ';
        }
    }
    if (!out.empty() && out.back() == U' ') out.pop_back();
    return out;
}

std::u32string without_punctuation(std::u32string_view text) {
    constexpr std::u32string_view kPunctuation = U"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    std::u32string out;
    std::copy_if(text.begin(), text.end(), std::back_inserter(out),
                 [&](char32_t c) { return kPunctuation.find(c) == kPunctuation.npos; });
    return out;
}

std::u32string repaired(std::string_view text) {
    std::u32string out = repair_text(to_code_points(text, /*keep_surrogates=*/true));
    for (int i = 0; i < 2 && out.find(U'&') != out.npos; ++i) out = unescape_html(out);
    return out;
}

std::u32string one_space(std::u32string_view text) {
    std::u32string out;
    bool after_space = false;
    for (const char32_t c : text) {
        const bool space = is_pattern_space(c);
        if (!space) out += c;
        if (space && !after_space) out += U' ';
        after_space = space;
    }
    return out;
}

std::u32string lower_letters(std::u32string_view text) {
    std::u32string out;
    for (const char32_t c : text) append_lower_of(out, c);
    return out;
}

}  // namespace

std::string_view name_of(Clean clean) {
    return kNames[static_cast<std::size_t>(clean)];
}

std::optional<Clean> clean_of(std::string_view name) {
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) return std::nullopt;
    return static_cast<Clean>(found - kNames.begin());
}

std::u32string clean_code_points(std::string_view text, Clean clean) {
    switch (clean) {
        case Clean::kNone:
            return to_code_points(text);
        case Clean::kOpenClip:
            return lower_text(squeeze_space(repaired(text)));
        case Clean::kCanonicalize: {
            std::u32string out = repaired(text);
            std::replace(out.begin(), out.end(), U'_', U' ');
            return squeeze_space(lower_text(without_punctuation(out)));
        }
        case Clean::kSiglip:
            return squeeze_space(without_punctuation(lower_text(to_code_points(text))));
        case Clean::kHuggingFace:
            return lower_letters(one_space(to_nfc(to_code_points(text))));
        case Clean::kWhitespace:
            return squeeze_space(repaired(text));
        case Clean::kLower:
            return lower_letters(to_code_points(text));
        case Clean::kSpaces:
            return one_space(to_code_points(text));
    }
    return {};
}

std::string clean_text(std::string_view text, Clean clean) {
    return clean == Clean::kNone ? std::string(text) : to_utf8(clean_code_points(text, clean));
}

}  // namespace lip::text
