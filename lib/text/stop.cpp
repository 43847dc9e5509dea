#include "text/stop.h"

#include "text/utf8.h"

#include <string_view>

namespace lip::text {
namespace {

constexpr std::size_t kMaxWord = 24;
constexpr std::size_t kMaxOpeners = 8;
bool is_word_at(std::string_view text, std::size_t pos) {
    if (pos >= text.size()) return false;
    const char32_t code = decode_at(text, pos).code;
    return is_digit(code) || letter_case(code) != LetterCase::kNone;
}

bool is_blank_at(std::string_view text, std::size_t pos) {
    return pos >= text.size() || is_space(decode_at(text, pos).code);
}

// What may open as well closes with no word behind it, a turned quote before white space.
bool closes_here(std::string_view text, Decoded c, std::size_t pos) {
    const std::size_t next = pos + c.size;
    switch (closer_kind(c.code)) {
        case CloserKind::kClosing:
            return true;
        case CloserKind::kStraight:
        case CloserKind::kMarkup:
            return !is_word_at(text, next);
        case CloserKind::kTurned:
            return is_blank_at(text, next);
        case CloserKind::kNone:
            break;
    }
    return false;
}

// A dot after a single space, as in ". . .", that is not the start of ".5" or ".NET".
bool is_spaced_dot(std::string_view text, std::size_t pos) {
    return text.substr(pos, 2) == " ." && !is_word_at(text, pos + 2);
}

}  // namespace

bool is_opener(char32_t code) {
    if (is_ascii_letter(static_cast<char>(code)) && code < 0x80) return false;
    static constexpr std::u32string_view kOpeners =
        U"\"'([{*_`~-"
        U"\u2013\u2014\u201C\u2018\u201E\u00AB\u00BB\u00BF\u00A1\u300C\u300E\uFF08\u3010\u300A";
    return kOpeners.find(code) != std::u32string_view::npos;
}

std::size_t mark_size(std::string_view text, std::size_t pos) {
    if (pos >= text.size()) return 0;
    const Decoded c = decode_at(text, pos);
    return mark_kind(c.code) != MarkKind::kNone ? c.size : 0;
}

Stop read_stop(std::string_view text, std::size_t pos) {
    Stop stop;
    stop.begin = stop.end = pos;
    bool spaced = false;
    while (stop.end < text.size()) {
        const Decoded c = decode_at(text, stop.end);
        const MarkKind kind = mark_kind(c.code);
        if (kind != MarkKind::kNone) {
            const std::size_t dots = kind == MarkKind::kDot        ? 1
                                     : kind == MarkKind::kEllipsis ? 3
                                                                   : 0;
            (spaced ? stop.spaced_dots : stop.first_dots) += dots;
            stop.bang = stop.bang || kind == MarkKind::kBang;
            stop.wide = stop.wide || kind == MarkKind::kWide || kind == MarkKind::kWideDot;
            stop.end += c.size;
        } else if (stop.first_dots > 0 && !stop.bang && !stop.wide &&
                   is_spaced_dot(text, stop.end)) {
            spaced = true;
            ++stop.end;
        } else {
            break;
        }
    }
    return stop;
}

std::size_t closers_end(std::string_view text, std::size_t pos, std::size_t expected) {
    while (pos < text.size()) {
        const Decoded c = decode_at(text, pos);
        if (pos != expected && !closes_here(text, c, pos)) break;
        pos += c.size;
    }
    return pos;
}

NextWord look_ahead(std::string_view text, std::size_t pos) {
    NextWord next;
    for (std::size_t n = 0; n < kMaxOpeners && pos < text.size(); ++n) {
        const Decoded c = decode_at(text, pos);
        if (!is_opener(c.code)) break;
        pos += c.size;
    }
    if (pos >= text.size()) return next;
    const Decoded first = decode_at(text, pos);
    next.end = pos + first.size;
    switch (letter_case(first.code)) {
        case LetterCase::kNone:
            next.kind = is_digit(first.code) ? NextWord::Kind::kDigit : NextWord::Kind::kMark;
            return next;
        case LetterCase::kLower:
            next.kind = NextWord::Kind::kLower;
            break;
        case LetterCase::kUpper:
            next.kind = NextWord::Kind::kUpper;
            break;
        case LetterCase::kCaseless:
            next.kind = NextWord::Kind::kCaseless;
            break;
    }
    while (next.end < text.size() && next.end - pos < kMaxWord) {
        const Decoded c = decode_at(text, next.end);
        if (letter_case(c.code) == LetterCase::kNone) break;
        next.end += c.size;
    }
    next.word = text.substr(pos, next.end - pos);
    return next;
}

std::string_view look_back(std::string_view text, std::size_t floor, std::size_t end, bool dotted) {
    std::size_t begin = end;
    while (begin > floor) {
        const Decoded c = decode_before(text, begin, floor);
        const bool inside = letter_case(c.code) != LetterCase::kNone || (dotted && c.code == '.');
        if (!inside) break;
        if (end - begin + c.size > kMaxWord) return {};
        begin -= c.size;
    }
    while (begin < end && text[begin] == '.') ++begin;
    return text.substr(begin, end - begin);
}

std::string_view word_before_period(std::string_view text, std::size_t floor, std::size_t end) {
    const std::string_view word = look_back(text, floor, end, /*dotted=*/true);
    const std::size_t begin = end - word.size();
    if (begin == floor) return word;
    const char glue = text[begin - 1];
    return glue == '@' || glue == '/' || glue == '_' || glue == '.' ? std::string_view() : word;
}

}  // namespace lip::text
