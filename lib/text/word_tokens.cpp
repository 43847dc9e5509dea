#include "text/word_tokens.h"

#include "text/letters.h"
#include "text/utf8.h"

#include <algorithm>
#include <array>

namespace lip::text {
namespace {

bool is_word_character(char32_t code) {
    return code == U'_' || is_digit(code) || letter_case(code) != LetterCase::kNone;
}

constexpr auto kIsWordByte = [] {
    std::array<bool, 256> word{};  // beyond ASCII: false, a character has to be looked at
    for (unsigned c = 0; c < 128; ++c) {
        const char byte = static_cast<char>(c);
        word[c] = is_ascii_letter(byte) || is_ascii_digit(byte) || byte == '_';
    }
    return word;
}();

// The end of the run of ASCII word characters at `pos`.
std::size_t word_bytes_end(std::string_view text, std::size_t pos) {
    while (pos < text.size() && kIsWordByte[static_cast<unsigned char>(text[pos])]) ++pos;
    return pos;
}

// ' and ’, in bytes; 0 for anything else.
std::size_t apostrophe_size(std::string_view text, std::size_t pos) {
    if (pos < text.size() && text[pos] == '\'') return 1;
    return text.substr(pos, 3) == "\xE2\x80\x99" ? 3 : 0;
}

bool is_word_at(std::string_view text, std::size_t pos) {
    return pos < text.size() && is_word_character(decode_at(text, pos).code);
}

// What joins two word characters into one word: "-" and apostrophes between letters, "." and ","
// between digits, "." in initials such as U.S. Returns its size, 0 if the word ends here.
std::size_t joiner_size(std::string_view text, std::size_t begin, std::size_t pos) {
    const char c = text[pos];
    const bool after_digit = pos > begin && is_ascii_digit(text[pos - 1]);
    if (c == '-') return is_word_at(text, pos + 1) ? 1 : 0;
    if (c == '.' || c == ',') {
        if (after_digit && pos + 1 < text.size() && is_ascii_digit(text[pos + 1])) return 1;
        const bool after_initial = pos == begin + 1 || (pos >= begin + 2 && text[pos - 2] == '.');
        return c == '.' && after_initial && !after_digit && pos + 1 < text.size() &&
                       is_ascii_letter(text[pos + 1]) &&
                       (pos + 2 == text.size() || !is_word_at(text, pos + 2))
                   ? 1
                   : 0;
    }
    const std::size_t apostrophe = apostrophe_size(text, pos);
    return apostrophe != 0 && is_word_at(text, pos + apostrophe) ? apostrophe : 0;
}

// The web address at `pos` goes on to the next white space.
bool is_address_at(std::string_view text, std::size_t pos) {
    const char first = ascii_lower(text[pos]);
    if (first != 'h' && first != 'w') return false;
    const auto begins = [&](std::string_view prefix) {
        return text.size() - pos > prefix.size() &&
               std::equal(prefix.begin(), prefix.end(), text.begin() + static_cast<long>(pos),
                          [](char a, char b) { return a == ascii_lower(b); });
    };
    return begins("http://") || begins("https://") || begins("www.");
}

constexpr std::array<std::string_view, 6> kClitics = {"s", "m", "d", "re", "ve", "ll"};

// Adds a run of word characters, cut at its clitic.
void add_word(std::string_view text, std::size_t begin, std::size_t end, WordTokens& tokens) {
    const std::string_view word = text.substr(begin, end - begin);
    std::size_t cut = std::string_view::npos, apostrophe = 0;
    for (std::size_t i = std::max<std::size_t>(1, word_bytes_end(word, 0)); i < word.size(); ++i)
        if ((apostrophe = apostrophe_size(word, i)) != 0) {
            cut = i;
            break;
        }
    if (cut == std::string_view::npos) {
        const bool is_cannot = word.size() == 6 && ascii_lower(word) == "cannot";
        tokens.add_part(begin, is_cannot ? 3 : word.size());
        if (is_cannot) tokens.add_part(begin + 3, 3);
        return;
    }
    const std::string rest = ascii_lower(word.substr(cut + apostrophe));
    if (rest == "t" && ascii_lower(word[cut - 1]) == 'n' && cut > 1) {
        tokens.add_part(begin, cut - 1);
        tokens.add("n't");
    } else if (std::find(kClitics.begin(), kClitics.end(), rest) != kClitics.end()) {
        tokens.add_part(begin, cut);
        tokens.add("'" + rest);
    } else {
        tokens.add_part(begin, word.size());
    }
}

// Adds the mark at `pos` and returns its end.
std::size_t add_mark(std::string_view text, std::size_t pos, WordTokens& tokens) {
    const Decoded mark = decode_at(text, pos);
    const bool opens = pos == 0 || space_size_before(text, pos) != 0 || text[pos - 1] == '(' ||
                       text[pos - 1] == '[';
    std::size_t end = pos + mark.size;
    switch (mark.code) {
        case U'"':
            tokens.add(opens ? "``" : "''");
            return end;
        case U'“':
            tokens.add("``");
            return end;
        case U'”':
            tokens.add("''");
            return end;
        case U'…':
            tokens.add("...");
            return end;
        case U'–':
        case U'—':
            tokens.add("--");
            return end;
        case U'’':
            tokens.add("'");
            return end;
        case U'.':
        case U'-':
            while (end < text.size() && text[end] == text[pos]) ++end;
            break;
        default:
            break;
    }
    tokens.add_part(pos, end - pos);
    return end;
}

}  // namespace

void WordTokens::clear() {
    letters_.clear();
    spans_.clear();
    has_text_ = false;
}

void WordTokens::add(std::string_view token) {
    const auto begin = static_cast<std::uint32_t>(letters_.size());
    append_lower(letters_, token);
    spans_.push_back({begin, static_cast<std::uint32_t>(letters_.size())});
}

void WordTokens::start(std::string_view text) {
    clear();
    text_ = text;
    has_text_ = is_ascii(text);
    if (has_text_) append_lower(letters_, text);
}

void WordTokens::add_part(std::size_t begin, std::size_t size) {
    if (!has_text_) return add(text_.substr(begin, size));
    spans_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin + size)});
}

void split_words(std::string_view text, WordTokens& tokens) {
    tokens.start(text);
    std::size_t pos = 0;
    while (pos < text.size()) {
        if (const std::size_t space = text[pos] == ' ' ? 1 : space_size_at(text, pos); space != 0) {
            pos += space;
            continue;
        }
        if (text[pos] == '<' && (text.substr(pos, 4) == "</s>" || text.substr(pos, 3) == "<s>")) {
            pos = text.find('>', pos) + 1;
            continue;
        }
        std::size_t end = pos;
        if (is_address_at(text, pos)) {
            while (end < text.size() && space_size_at(text, end) == 0)
                end += decode_at(text, end).size;
            tokens.add_part(pos, end - pos);
            pos = end;
            continue;
        }
        if (!is_word_at(text, pos)) {
            pos = add_mark(text, pos, tokens);
            continue;
        }
        while ((end = word_bytes_end(text, end)) < text.size()) {
            if (text[end] == ' ') break;  // nearly always
            const Decoded next = decode_at(text, end);
            const std::size_t size =
                is_word_character(next.code) ? next.size : joiner_size(text, pos, end);
            if (size == 0) break;
            end += size;
        }
        // Initials keep their last period.
        if (end < text.size() && text[end] == '.' && end >= pos + 3 && text[end - 2] == '.' &&
            is_ascii_letter(text[end - 1]))
            ++end;
        add_word(text, pos, end, tokens);
        pos = end;
    }
}

bool is_word(std::string_view token) {
    if (token.find("://") != std::string_view::npos || token.starts_with("www.")) return false;
    for (std::size_t i = 0; i < token.size();) {
        const Decoded character = decode_at(token, i);
        if (is_digit(character.code) || letter_case(character.code) != LetterCase::kNone)
            return true;
        i += character.size;
    }
    return false;
}

}  // namespace lip::text
