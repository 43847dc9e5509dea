#include "text/clip_words.h"

#include "text/unicode.h"
#include "text/utf8.h"

#include <array>

namespace lip::text {
namespace {

enum class Kind : unsigned char { kSpace, kLetter, kNumber, kOther };

Kind kind_of(char32_t c) {
    if (is_unicode_letter(c)) return Kind::kLetter;
    if (is_unicode_number(c)) return Kind::kNumber;
    return is_pattern_space(c) ? Kind::kSpace : Kind::kOther;
}

// Of the character at `pos`, and its bytes.
Kind kind_at(std::string_view text, std::size_t pos, std::size_t& size) {
    static const std::array<Kind, 128> kAscii = [] {
        std::array<Kind, 128> kinds{};
        for (char32_t c = 0; c < kinds.size(); ++c) kinds[c] = kind_of(c);
        return kinds;
    }();
    const auto byte = static_cast<unsigned char>(text[pos]);
    if (byte < kAscii.size()) {
        size = 1;
        return kAscii[byte];
    }
    const Decoded c = decode_at(text, pos);
    size = c.size;
    return kind_of(c.code);
}

// Bytes at `pos` that are `word`, 0 if they are not. With `fold` also with ſ for s: the expression
// of open_clip ignores case, and of all characters in lower case that one is another's.
std::size_t match_at(std::string_view text, std::size_t pos, std::string_view word, bool fold) {
    constexpr std::string_view kLongS = "\u017F";
    const std::size_t begin = pos;
    for (const char c : word) {
        if (pos < text.size() && text[pos] == c)
            ++pos;
        else if (fold && c == 's' && text.substr(pos, kLongS.size()) == kLongS)
            pos += kLongS.size();
        else
            return 0;
    }
    return pos - begin;
}

std::size_t ending_at(std::string_view text, std::size_t pos, ClipCut cut) {
    constexpr std::string_view kEndings[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    for (const std::string_view ending : kEndings)
        if (const std::size_t size = match_at(text, pos, ending, cut == ClipCut::kOpenClip))
            return size;
    return 0;
}

constexpr std::string_view kNames[] = {"<|startoftext|>", "<|endoftext|>"};
constexpr std::string_view kOpenClipNames[] = {"<start_of_text>", "<end_of_text>"};

// The name of a special token at `pos`, if there is one.
ClipWord name_at(std::string_view text, std::size_t pos, ClipCut cut) {
    if (cut == ClipCut::kHuggingFaceNames) {
        for (const std::string_view name : kNames)
            if (match_at(text, pos, name, false)) return {ClipWord::kName, name};
    } else if (cut == ClipCut::kOpenClip) {
        for (const std::string_view name : kOpenClipNames) {
            const std::string_view found = text.substr(pos, match_at(text, pos, name, true));
            // With ſ it is cut off like the name, but it is not the token's name.
            if (found == name) return {name[1] == 's' ? ClipWord::kBegin : ClipWord::kEnd, found};
            if (!found.empty()) return {ClipWord::kWord, found};
        }
    }
    return {ClipWord::kWord, {}};
}

}  // namespace

ClipWord next_clip_word(std::string_view text, std::size_t& pos, ClipCut cut) {
    std::size_t size = 0;
    Kind kind = Kind::kSpace;
    while (pos < text.size() && (kind = kind_at(text, pos, size)) == Kind::kSpace) pos += size;
    if (pos >= text.size()) return {ClipWord::kWord, {}};
    const std::size_t begin = pos;
    const auto word = [&](std::size_t bytes) {
        pos = begin + bytes;
        return ClipWord{ClipWord::kWord, text.substr(begin, bytes)};
    };
    if (text[pos] == '\'')
        if (const std::size_t bytes = ending_at(text, pos, cut)) return word(bytes);
    if (text[pos] == '<') {
        const ClipWord name = name_at(text, pos, cut);
        if (!name.text.empty()) {
            pos += name.text.size();
            return name;
        }
    }
    pos += size;
    if (kind != Kind::kNumber)
        while (pos < text.size() && kind_at(text, pos, size) == kind) pos += size;
    return word(pos - begin);
}

}  // namespace lip::text
