#include "text/list_markers.h"

#include "text/enclosure.h"
#include "text/find_event.h"
#include "text/gap.h"
#include "text/letters.h"
#include "text/splitter.h"
#include "text/stop.h"
#include "text/utf8.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace lip::text {
namespace {

constexpr std::string_view kBullets[] = {"\xE2\x80\xA2", "\xE2\x81\x83", "-", "*"};
constexpr std::size_t kFirstLineBullet = 2;  // from here on: bullets at the start of a line only
constexpr std::size_t kLabelStyles = 9;      // number, lower, upper times ".", ")", ".)"
constexpr std::size_t kUpperPeriod = 6;
constexpr std::size_t kStyles = kLabelStyles + std::size(kBullets);
constexpr std::size_t kMaxDigits = 3;

bool is_blank_at(std::string_view text, std::size_t pos) {
    return pos >= text.size() || scan_gap(text, pos).end > pos;
}

// A marker stands after white space; in scripts without spaces also right after a full stop and
// the quotes and brackets that belong to it.
bool may_begin_marker(std::string_view text, std::size_t pos) {
    if (is_after_gap(text, pos)) return true;
    while (pos > 0) {
        const Decoded before = decode_before(text, pos);
        pos -= before.size;
        if (read_stop(text, pos).wide) return true;
        if (!is_closer(before.code) && mark_size(text, pos) == 0) return false;
    }
    return false;
}

// "12.", "a)", "3.)" at `pos`; what follows must be white space or, glued to it, a capital.
std::optional<Marker> parse_label(std::string_view text, std::size_t pos) {
    Marker marker;
    marker.begin = pos;
    std::size_t end = pos;
    std::size_t kind = 0;
    while (end < text.size() && end - pos <= kMaxDigits && is_ascii_digit(text[end])) {
        marker.value = marker.value * 10 + static_cast<std::uint32_t>(text[end++] - '0');
    }
    if (end - pos > kMaxDigits) return std::nullopt;
    if (end == pos) {
        if (end >= text.size() || !is_ascii_letter(text[end])) return std::nullopt;
        kind = ascii_lower(text[end]) == text[end] ? 1 : 2;
        marker.value = static_cast<std::uint32_t>(ascii_lower(text[end++]) - 'a' + 1);
    }
    const std::string_view rest = text.substr(end, 2);
    const std::size_t delimiter = rest == ".)" ? 2 : rest.starts_with(')') ? 1 : 0;
    if (delimiter == 0 && !rest.starts_with('.')) return std::nullopt;
    marker.end = end + (delimiter == 2 ? 2 : 1);
    marker.is_letter = kind > 0;
    marker.style = static_cast<std::uint8_t>(kind * 3 + delimiter);
    if (is_blank_at(text, marker.end)) return marker;
    const bool glued = letter_case(decode_at(text, marker.end).code) == LetterCase::kUpper;
    return glued && (kind == 0 || delimiter > 0) ? std::optional(marker) : std::nullopt;
}

// Finds lists in one pass; remembers one marker of each style.
class ListFinder {
public:
    ListFinder(std::string_view text, const Abbreviations& book) : text_(text), book_(book) {}

    std::vector<std::uint32_t> run();

private:
    struct Last {
        bool seen = false;
        std::uint32_t value = 0;
        std::size_t end = 0;
        std::size_t index = 0;  // in candidates_
    };
    struct Candidate {
        std::uint32_t begin;
        bool listed;
    };
    // What stands before a marker.
    struct Before {
        std::size_t content_end;  // end of the last visible character, 0 if there is none
        bool line_start;          // a line end, blank line or the start of the text lies between
        bool anchored;            // line_start, or a sentence end, colon or bullet before
    };

    void at_line_start(std::size_t pos);
    void at_label_end(std::size_t pos);
    Marker with_dash(Marker marker) const;
    void consider(const Marker& marker);
    Before look_before(std::size_t pos) const;
    bool follows_abbreviation(const Before& before) const;

    std::string_view text_;
    const Abbreviations& book_;
    std::array<Last, kStyles> last_{};
    std::vector<Candidate> candidates_;
    std::size_t done_ = 0;    // end of the last marker considered
    std::size_t paren_ = 0;   // last "(" that may be open ...
    bool has_paren_ = false;  // ... if this is set
};

// What can end a label, begin a bullet or a line, or open a bracket.
constexpr EventBytes kMarkerBytes{".()<\n\r", "\xE2"};

std::vector<std::uint32_t> ListFinder::run() {
    at_line_start(0);
    for (std::size_t pos = 0;; ++pos) {
        pos = find_event<kMarkerBytes>(text_, pos, text_.size());
        if (pos == text_.size()) break;
        const auto byte = static_cast<unsigned char>(text_[pos]);
        if (byte == '(') {
            paren_ = pos;
            has_paren_ = true;
        } else if (byte == '.' || byte == ')') {
            if (pos >= done_) at_label_end(pos);
            if (byte == ')') has_paren_ = false;
        } else if (byte == '<') {
            if (const std::size_t size = line_tag_size(text_, pos)) at_line_start(pos + size);
        } else if (byte == 0xE2) {
            if (pos < done_ || !may_begin_marker(text_, pos)) continue;
            if (const auto marker = parse_marker(text_, pos, false)) consider(*marker);
        } else {
            at_line_start(pos + 1);
        }
    }
    std::vector<std::uint32_t> items;
    for (const Candidate& c : candidates_) {
        if (c.listed) items.push_back(c.begin);
    }
    return items;
}

// Only "-" and "*" depend on this; all other markers are met at their own characters.
void ListFinder::at_line_start(std::size_t pos) {
    while (pos < text_.size() && (text_[pos] == ' ' || text_[pos] == '\t')) ++pos;
    if (pos >= text_.size() || (text_[pos] != '-' && text_[pos] != '*')) return;
    if (const auto marker = parse_marker(text_, pos, true)) consider(*marker);
}

void ListFinder::at_label_end(std::size_t pos) {
    std::size_t begin = pos;
    while (begin > 0 && pos - begin < kMaxDigits && is_ascii_digit(text_[begin - 1])) --begin;
    if (begin == pos && begin > 0 && is_ascii_letter(text_[begin - 1])) --begin;
    if (begin == pos || begin < done_) return;
    if (!may_begin_marker(text_, begin)) return;
    const auto marker = parse_label(text_, begin);
    if (!marker) return;
    const std::size_t close = marker->end - 1;
    if (text_[close] == ')' && has_paren_ &&
        find_enclosure(text_, paren_, paren_, text_.size()).close == close) {
        return;  // "(see 1) ..."
    }
    consider(with_dash(*marker));
}

// "- 1." and "* a)" in running text: the dash belongs to the marker.
Marker ListFinder::with_dash(Marker marker) const {
    const std::size_t end = look_before(marker.begin).content_end;
    if (end == 0 || end == marker.begin || (text_[end - 1] != '-' && text_[end - 1] != '*')) {
        return marker;
    }
    const bool same_line = !scan_gap(text_, end).has_newline && !scan_gap(text_, end).is_break;
    const bool free =
        text_[end - 1] == '-' ? may_begin_marker(text_, end - 1) : is_after_gap(text_, end - 1);
    if (same_line && free) marker.begin = end - 1;
    return marker;
}

void ListFinder::consider(const Marker& marker) {
    done_ = marker.end;
    const Before before = look_before(marker.begin);
    const char first = text_[marker.begin];
    const bool bare = is_ascii_digit(first) || is_ascii_letter(first);
    if (bare && follows_abbreviation(before)) return;
    // Capitals with a period are initials: only lines of their own make them a list.
    if (marker.style == kUpperPeriod && !before.line_start) return;
    Last& last = last_[marker.style];
    const bool next = marker.is_bullet || marker.value == last.value + 1;
    const bool joins = last.seen && next && before.content_end > last.end;
    const bool is_first = !marker.is_letter && !marker.is_bullet && marker.value == 1;
    if (!joins && !before.anchored && !is_first) return;
    if (joins) candidates_[last.index].listed = true;
    last = {true, marker.value, marker.end, candidates_.size()};
    candidates_.push_back({static_cast<std::uint32_t>(marker.begin), joins});
}

ListFinder::Before ListFinder::look_before(std::size_t pos) const {
    std::size_t end = pos;
    while (const std::size_t size = space_size_before(text_, end)) end -= size;
    if (end == 0) return {0, true, true};
    const Gap gap = scan_gap(text_, end);
    const bool line_start = gap.has_newline || gap.is_break;
    const Decoded c = decode_before(text_, end);
    const bool escaped =
        (end >= 2 && is_escaped_newline(text_, end - 2)) || line_tag_size_before(text_, end) > 0;
    const bool anchored = line_start || escaped || c.code == ':' || c.code == ';' ||
                          c.code == '>' || c.code == 0x2022 || is_closer(c.code) ||
                          mark_size(text_, end - c.size) > 0 ||
                          ends_with_end_mark(text_.substr(0, end));
    return {end, line_start || escaped, anchored};
}

// "Fig. 2." is a reference, not an item.
bool ListFinder::follows_abbreviation(const Before& before) const {
    if (before.line_start || text_[before.content_end - 1] != '.') return false;
    const std::string_view word = word_before_period(text_, 0, before.content_end - 1);
    const bool initial = word.size() == 1 && ascii_lower(word.front()) != word.front();
    return !initial && (book_.roles(word) & kNumber) != 0;
}

}  // namespace

std::optional<Marker> parse_marker(std::string_view text, std::size_t pos, bool line_start) {
    if (is_ascii_letter(text[pos])) {  // the usual word
        const bool single = pos + 1 < text.size() && (text[pos + 1] == '.' || text[pos + 1] == ')');
        return single ? parse_label(text, pos) : std::nullopt;
    }
    for (std::size_t n = 0; n < std::size(kBullets); ++n) {
        if (!text.substr(pos).starts_with(kBullets[n])) continue;
        std::size_t end = pos + kBullets[n].size();
        const Gap gap = scan_gap(text, end);
        if (n >= kFirstLineBullet && (!line_start || gap.end == end)) return std::nullopt;
        const auto label = parse_label(text, gap.end);
        if (label && !gap.has_newline && !gap.is_break) {
            Marker marker = *label;
            marker.begin = pos;
            return marker;
        }
        Marker marker;
        marker.begin = pos;
        marker.end = end;
        marker.style = static_cast<std::uint8_t>(kLabelStyles + n);
        marker.is_bullet = true;
        return marker;
    }
    return parse_label(text, pos);
}

std::vector<std::uint32_t> find_list_items(std::string_view text, const Abbreviations& book) {
    return ListFinder(text, book).run();
}

}  // namespace lip::text
