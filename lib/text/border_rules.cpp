#include "text/border_rules.h"

#include "text/letters.h"
#include "text/utf8.h"
#include "text/web_words.h"

#include <algorithm>
#include <iterator>

namespace lip::text {
namespace {

using Kind = NextWord::Kind;

constexpr std::size_t kFourDots = 4;          // an ellipsis and a period
constexpr std::size_t kMaxOpeningWords = 6;   // "On the first Monday at 8 a.m."
constexpr std::size_t kMaxOpeningBytes = 64;  // of that phrase

LetterCase case_at(std::string_view word) {
    return word.empty() ? LetterCase::kNone : letter_case(decode_at(word, 0).code);
}

bool is_capitalised(std::string_view word) {
    return case_at(word) == LetterCase::kUpper;
}

bool ends_with_al(std::string_view text) {
    return text.size() >= 2 && ascii_lower(text.substr(text.size() - 2)) == "al";
}

bool is_single_letter(std::string_view word) {
    return !word.empty() && decode_at(word, 0).size == word.size();
}

// One decision; members are shared by its rules.
class Judge {
public:
    Judge(const Border& border, const Abbreviations& book)
        : b_(border), book_(book), next_(look_ahead(border.text, border.next)) {}

    bool decide() const;

private:
    bool has_closers() const { return b_.close_end > b_.stop.end; }
    bool is_lower() const { return next_.kind == Kind::kLower; }
    bool is_starter() const {
        return next_.kind == Kind::kUpper && (book_.roles(next_.word) & kStarter) != 0 && !joins();
    }
    bool joins() const;
    std::size_t skip_back(std::size_t pos) const;
    bool is_elided() const;
    bool after_wide() const;
    bool after_ellipsis() const;
    bool after_bang() const;
    bool after_period() const;
    bool after_word() const;
    bool follows_unit(std::size_t end) const;
    bool cites() const;
    bool after_initial(std::string_view letter) const;
    bool after_number() const;
    bool after_time(std::size_t word_begin) const;
    bool is_opening_phrase(std::size_t end) const;
    bool after_plain() const;

    const Border& b_;
    const Abbreviations& book_;
    NextWord next_;
};

bool Judge::decide() const {
    const bool glued = b_.next == b_.decor_end;
    const bool decorated = b_.decor_end > b_.close_end;
    const bool caseless = b_.stop.wide && next_.kind == Kind::kCaseless;
    if (glued && decorated && next_.kind != Kind::kUpper && !caseless) return false;
    if (b_.stop.wide) return after_wide();
    if (is_elided()) return false;
    if (glued && !decorated && !is_missing_space(b_)) return false;
    if (b_.stop.bang) return after_bang();
    return b_.stop.is_ellipsis() ? after_ellipsis() : after_period();
}

// "[...]": dots alone in brackets stand for left-out words.
bool Judge::is_elided() const {
    if (!b_.stop.is_ellipsis() || b_.stop.begin == b_.sentence_begin || !has_closers())
        return false;
    const char open = b_.text[b_.stop.begin - 1];
    const char close = b_.text[b_.stop.end];
    return (open == '[' && close == ']') || (open == '(' && close == ')');
}

// A full-width period between digits is a decimal point; behind a quotation a sentence goes on with
// a comma or with the Japanese "to" and "tte" that quote.
bool Judge::after_wide() const {
    const std::string_view text = b_.text;
    const std::size_t size = mark_size(text, b_.stop.begin);
    const auto is_wide_digit = [](char32_t c) {
        return is_digit(c) || (c >= U'\uFF10' && c <= U'\uFF19');
    };
    const char32_t first = decode_at(text, b_.next).code;
    const bool point = mark_kind(decode_at(text, b_.stop.begin).code) == MarkKind::kWideDot &&
                       b_.stop.end == b_.stop.begin + size && b_.next == b_.stop.end;
    if (point && b_.stop.begin > b_.sentence_begin && is_wide_digit(first) &&
        is_wide_digit(decode_before(text, b_.stop.begin, b_.sentence_begin).code)) {
        return false;
    }
    constexpr std::u32string_view kGoesOn = U"\u3068\u3063\u3001\uFF0C\uFF1B\uFF1A,;:";
    return !has_closers() || b_.next > b_.close_end || kGoesOn.find(first) == kGoesOn.npos;
}

bool Judge::after_ellipsis() const {
    if (next_.kind != Kind::kUpper) return false;
    // "I" is a capital in the middle of a sentence, too.
    if (next_.word == "I" && b_.stop.dots() < kFourDots && !has_closers()) return false;
    if (is_starter()) return true;
    return !b_.in_bracket && (b_.stop.dots() >= kFourDots || has_closers());
}

bool Judge::after_bang() const {
    if (is_lower()) return false;
    const std::string_view word =
        look_back(b_.text, b_.sentence_begin, b_.stop.begin, /*dotted=*/false);
    const bool name = is_capitalised(word) && (book_.roles(word) & kBangName) != 0;
    return name || b_.in_bracket ? is_starter() : true;
}

bool Judge::after_period() const {
    const Decoded last = decode_before(b_.text, b_.stop.begin, b_.sentence_begin);
    if (last.code == 0xB0 || last.code == 0xBA) {  // "N°." and "Nº."
        return next_.kind != Kind::kDigit && after_plain();
    }
    return is_digit(last.code) ? after_plain() : after_word();
}

bool Judge::after_word() const {
    const std::string_view word = word_before_period(b_.text, b_.sentence_begin, b_.stop.begin);
    if (word.empty()) return after_plain();
    const std::size_t begin = b_.stop.begin - word.size();
    if (is_single_letter(word) && is_capitalised(word)) return after_initial(word);
    const Roles roles = book_.roles(word);
    const std::size_t number_end = skip_back(begin);
    const bool counted = number_end > b_.sentence_begin && is_ascii_digit(b_.text[number_end - 1]);
    if ((roles & kTime) != 0) return after_time(begin);
    if ((roles & kUnit) != 0 && counted) return is_starter();
    if (((roles & kUnit) != 0 || word == "m") && follows_unit(number_end)) return is_starter();
    if ((roles & kTitle) != 0) return false;
    if ((roles & kPlace) != 0) return is_starter();
    if ((roles & kNumber) != 0) return after_number();
    if ((roles & kLoose) != 0) return !is_lower() && !cites();
    // Single letters with periods between them: "U.S.", "D.C."
    bool letters_only = word.find('.') != word.npos;
    for (std::size_t pos = 0; pos < word.size(); ++pos) {
        letters_only = letters_only && (pos % 2 == 0) == (word[pos] != '.');
    }
    return letters_only ? is_starter() : after_plain();
}

// In capitals throughout, these words rather go on behind an abbreviation: "80 SQ. FT. OF SPACE".
bool Judge::joins() const {
    static constexpr std::string_view kJoining[] = {"OF",   "AND", "OR",  "FOR", "WITH", "TO",
                                                    "FROM", "IN",  "ON",  "AT",  "BY",   "AS",
                                                    "BUT",  "IS",  "ARE", "WAS", "HAS"};
    return std::find(std::begin(kJoining), std::end(kJoining), next_.word) != std::end(kJoining);
}

// "sq. ft.", "cu. in.", "fl. oz.": a unit of two words; the first one's period stands at `end`.
bool Judge::follows_unit(std::size_t end) const {
    if (end <= b_.sentence_begin || b_.text[end - 1] != '.') return false;
    const std::string_view word = look_back(b_.text, b_.sentence_begin, end - 1, /*dotted=*/false);
    return (book_.roles(word) & kUnit) != 0;
}

// "et al. [2019]", "et al. (2019)", "et al. 2019"
bool Judge::cites() const {
    const char first = b_.text[b_.next];
    return first == '[' || (first == '(' && next_.kind == Kind::kDigit) ||
           (next_.kind == Kind::kDigit && ends_with_al(b_.text.substr(0, b_.stop.begin)));
}

std::size_t Judge::skip_back(std::size_t pos) const {
    while (pos > b_.sentence_begin && b_.text[pos - 1] == ' ') --pos;
    return pos;
}

// "Clara B. Whitfield", "you and I. The": one capital with a period.
bool Judge::after_initial(std::string_view letter) const {
    if (is_lower()) return false;
    const std::size_t begin = b_.stop.begin - letter.size();
    const std::size_t end = skip_back(begin);
    if (end == b_.sentence_begin) return false;  // begins the sentence: "J. Smith"
    const std::string_view word = look_back(b_.text, b_.sentence_begin, end, /*dotted=*/false);
    if (b_.text[end - 1] == '.') return false;  // follows another initial or a title
    if (is_starter()) return true;
    if (next_.kind != Kind::kUpper) return true;
    const bool of_a_person = word == "by" || word == "of" || word == "from" || word == "for";
    return letter == "I" && !is_capitalised(word) && !of_a_person;
}

// "No. 5", "p. 112", "Fig. B": the number may be a letter, but not the words "A" and "I".
bool Judge::after_number() const {
    if (next_.kind == Kind::kDigit) return false;
    const bool lettered = is_single_letter(next_.word) && next_.word != "A" && next_.word != "I";
    return !lettered && after_plain();
}

bool Judge::after_time(std::size_t word_begin) const {
    if (next_.kind != Kind::kUpper || joins()) return false;
    if ((book_.roles(next_.word) & kAfterTime) != 0) return false;
    return !is_opening_phrase(word_begin);
}

// "At 8", "On Monday, at about 8.30": words without a verb from the beginning of the sentence.
bool Judge::is_opening_phrase(std::size_t end) const {
    std::string_view rest = b_.text.substr(b_.sentence_begin, end - b_.sentence_begin);
    if (rest.size() > kMaxOpeningBytes) return false;
    std::size_t words = 0;
    bool preposition = false;
    while (!rest.empty()) {
        std::size_t size = 0;
        while (size < rest.size() && is_ascii_letter(rest[size])) ++size;
        if (size == 0) {  // digits, spaces, commas, colons
            rest.remove_prefix(1);
            continue;
        }
        if ((book_.roles(rest.substr(0, size)) & kOpening) == 0) return false;
        preposition = true;
        if (++words > kMaxOpeningWords) return false;
        rest.remove_prefix(size);
    }
    return preposition;
}

// A period after an ordinary word. Behind a closing quote or bracket the sentence may go on.
bool Judge::after_plain() const {
    if (!has_closers()) return true;
    return b_.in_bracket ? is_starter() : !is_lower();
}

}  // namespace

bool is_border(const Border& border, const Abbreviations& book) {
    return Judge(border, book).decide();
}

bool opens_with_dots(const Border& border) {
    const Stop& stop = border.stop;
    if (stop.first_dots != 1 || stop.spaced_dots != 3 || border.decor_end > stop.end) return false;
    if (space_size_before(border.text, stop.begin, border.sentence_begin) > 0) return false;
    return border.next > stop.end &&
           look_ahead(border.text, border.next).kind == NextWord::Kind::kUpper;
}

bool is_missing_space(const Border& border) {
    const std::string_view text = border.text;
    if (border.next >= text.size()) return false;
    const Decoded before = decode_before(text, border.stop.begin, border.sentence_begin);
    const LetterCase before_case = letter_case(before.code);
    const bool ends_well = is_digit(before.code) || is_closer(before.code) ||
                           (before_case == LetterCase::kLower &&
                            !is_single_letter(look_back(text, border.sentence_begin,
                                                        border.stop.begin, /*dotted=*/false)));
    const Decoded first = decode_at(text, border.next);
    if (!ends_well || letter_case(first.code) != LetterCase::kUpper) return false;
    const NextWord next = look_ahead(text, border.next);
    const std::size_t second = border.next + first.size;
    if (second >= text.size()) return false;
    const char32_t follower = decode_at(text, second).code;
    const bool word_alone = (first.code == 'A' || first.code == 'I') && follower == ' ' &&
                            before_case == LetterCase::kLower;
    if (letter_case(follower) != LetterCase::kLower && !word_alone) return false;
    if (is_file_extension(next.word) || is_domain_ending(next.word)) return false;
    return !is_in_address(text, border.sentence_begin, border.stop.end);
}

}  // namespace lip::text
