#include "text/stop.h"

#include "text/utf8.h"

#include <string_view>

namespace lip::text {
namespace {

constexpr std::size_t kMaxWord = 24;
constexpr std::size_t kMaxOpeners = 8;
constexpr char32_t kEllipsis = 0x2026;

bool is_wide(char32_t code) {
    switch (code) {
        case 0x0589:  // Armenian full stop
        case 0x061F:  // Arabic question mark
        case 0x06D4:  // Arabic full stop
        case 0x0964:  // danda
        case 0x1362:  // Ethiopic full stop
        case 0x3002:
        case 0xFF01:
        case 0xFF1F:
        case 0xFF61:
            return true;
        default:
            return false;
    }
}

bool is_bang(char32_t code) {
    return code == '!' || code == '?' || code == 0x203C || (code >= 0x2047 && code <= 0x2049);
}

bool is_mark(char32_t code) {
    if (code < 0x80) return code == '.' || code == '!' || code == '?';
    return is_bang(code) || code == kEllipsis || is_wide(code);
}

bool is_opener(char32_t code) {
    if (is_ascii_letter(static_cast<char>(code)) && code < 0x80) return false;
    static constexpr std::u32string_view kOpeners =
        U"\"'([{*_~-\u2013\u2014\u201C\u2018\u201E\u00AB\u00BF\u00A1\u300C\u300E\uFF08\u3010\u300A";
    return kOpeners.find(code) != std::u32string_view::npos;
}

bool is_straight(char32_t code) {
    return code == '"' || code == '\'' || code == '*' || code == '_';
}

bool is_word_at(std::string_view text, std::size_t pos) {
    if (pos >= text.size()) return false;
    const char32_t code = decode_at(text, pos).code;
    return is_digit(code) || letter_case(code) != LetterCase::kNone;
}

// A dot after a single space, as in ". . .", that is not the start of ".5" or ".NET".
bool is_spaced_dot(std::string_view text, std::size_t pos) {
    return text.substr(pos, 2) == " ." && !is_word_at(text, pos + 2);
}

}  // namespace

std::size_t mark_size(std::string_view text, std::size_t pos) {
    if (pos >= text.size()) return 0;
    const Decoded c = decode_at(text, pos);
    return is_mark(c.code) ? c.size : 0;
}

Stop read_stop(std::string_view text, std::size_t pos) {
    Stop stop;
    stop.begin = stop.end = pos;
    bool spaced = false;
    while (stop.end < text.size()) {
        const Decoded c = decode_at(text, stop.end);
        if (is_mark(c.code)) {
            const std::size_t dots = c.code == '.' ? 1 : c.code == kEllipsis ? 3 : 0;
            (spaced ? stop.spaced_dots : stop.first_dots) += dots;
            stop.bang = stop.bang || is_bang(c.code);
            stop.wide = stop.wide || is_wide(c.code);
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

bool is_closer(char32_t code) {
    if (code < 0x80) {
        return is_straight(code) || code == ')' || code == ']' || code == '}';
    }
    static constexpr std::u32string_view kClosers =
        U"\u201D\u2019\u00BB\u300D\u300F\uFF09\u3011\u300B";
    return kClosers.find(code) != std::u32string_view::npos;
}

std::size_t closers_end(std::string_view text, std::size_t pos, std::size_t expected) {
    while (pos < text.size()) {
        const Decoded c = decode_at(text, pos);
        if (!is_closer(c.code)) break;
        if (is_straight(c.code) && pos != expected && is_word_at(text, pos + 1)) break;
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
