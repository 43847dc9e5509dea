#include "text/sentence_scan.h"

#include "text/border_rules.h"
#include "text/decoration.h"
#include "text/enclosure.h"
#include "text/find_event.h"
#include "text/gap.h"
#include "text/letters.h"
#include "text/list_markers.h"
#include "text/stop.h"
#include "text/utf8.h"

#include <utility>

namespace lip::text {
namespace {

constexpr std::size_t kMaxHeading = 80;  // bytes

// Where something may happen: marks, gaps, quotes and brackets, and the lead bytes of those beyond
// ASCII. A single space between two words is no event.
constexpr EventBytes kSentenceBytes{".!?<\\\"([",
                                    "\xC2\xCD\xD6\xD8\xDB\xDC\xDF\xE0\xE1\xE2\xE3\xEA\xEF",
                                    /*controls=*/true, /*double_spaces=*/true};

// A straight quotation in which another one opens: the first close is the inner one's.
bool quotes_again(std::string_view quotation) {
    if (!quotation.starts_with('"')) return false;
    const std::size_t inner = quotation.find(" \"");
    return inner < quotation.size() - 2 && quotation[inner + 2] != ' ';
}

class SentenceScan {
public:
    SentenceScan(std::string_view text, const Abbreviations& book, bool soft_newlines)
        : text_(text), book_(book), soft_newlines_(soft_newlines) {}

    std::vector<FoundSentence> run();

private:
    void scan_until(std::size_t limit);
    void handle_event();
    void handle_stop(const Stop& stop);
    void handle_gap(const Gap& gap);
    void open_sentence(std::size_t pos, bool is_item);
    void close_sentence(std::size_t end, std::size_t next);
    bool newline_ends_sentence(const Gap& gap) const;
    bool is_heading(std::size_t end) const;
    bool encloses_all(const Enclosure& found) const;
    // The text up to the next list item: no sentence reaches over it.
    std::string_view part() const { return text_.substr(0, limit_); }
    bool is_list_item(std::size_t pos) const { return pos == limit_ && limit_ < text_.size(); }

    std::string_view text_;
    const Abbreviations& book_;
    bool soft_newlines_;
    std::vector<FoundSentence> found_;
    std::size_t pos_ = 0;
    std::size_t first_ = 0;       // where the first sentence begins
    std::size_t begin_ = 0;       // of the sentence that is open
    std::size_t line_begin_ = 0;  // of the current line of this sentence
    std::size_t limit_ = 0;       // where the next list item begins, or the end of the text
    bool is_item_ = false;
    Enclosure enclosure_;  // no border lies between its two ends
};

std::vector<FoundSentence> SentenceScan::run() {
    const std::vector<std::uint32_t> items = find_list_items(text_, book_);
    first_ = scan_gap(text_, 0).end;
    open_sentence(first_, false);
    for (const std::uint32_t item : items) {
        scan_until(item);
        open_sentence(item, true);
    }
    scan_until(text_.size());
    return std::move(found_);
}

// Handles all that begins before `limit`, and closes the sentence that is open there.
void SentenceScan::scan_until(std::size_t limit) {
    limit_ = limit;
    while (pos_ < limit) {
        pos_ = find_event<kSentenceBytes>(text_, pos_, limit);
        if (pos_ < limit) handle_event();
    }
    std::size_t end = limit;
    while (const std::size_t size = space_size_before(text_, end, begin_)) end -= size;
    close_sentence(end, limit);
}

void SentenceScan::handle_event() {
    if (mark_size(text_, pos_) > 0) {
        handle_stop(read_stop(text_, pos_));
        return;
    }
    Gap gap = scan_gap(text_, pos_);
    if (gap.end > pos_) {
        while (const std::size_t size = space_size_before(text_, gap.begin, begin_)) {
            gap.begin -= size;  // a single space before a line end
            gap.starts_blank = true;
        }
        handle_gap(gap);
        return;
    }
    if (pos_ >= enclosure_.close) {
        const Enclosure found = find_enclosure(text_, begin_, pos_, limit_);
        if (found.close > 0 && !encloses_all(found)) enclosure_ = found;
    }
    pos_ += decode_at(text_, pos_).size;
}

void SentenceScan::handle_stop(const Stop& stop) {
    pos_ = stop.end;
    if (stop.begin == begin_) return;  // marks alone are no sentence
    const bool inside = stop.begin < enclosure_.close;
    std::size_t closers = stop.end;
    // French has a space before the closing quote.
    if (inside && closers + space_size_at(text_, closers) == enclosure_.close) {
        closers = enclosure_.close;
    }
    const std::size_t close_end = closers_end(text_, closers, enclosure_.close);
    if (inside && close_end <= enclosure_.close) return;
    const std::size_t end =
        close_end < limit_ ? decoration_end(part(), begin_, close_end) : close_end;
    const Gap gap = scan_gap(text_, end);
    Border border{text_, begin_, stop, close_end, end, gap.end, false};
    border.in_bracket = inside && enclosure_.is_bracket && enclosure_.open > begin_;
    if (gap.end >= limit_ || gap.is_break) {
        close_sentence(end, gap.end);
        return;
    }
    if (gap.has_newline) {
        const bool goes_on =
            soft_newlines_ && letter_case(decode_at(text_, gap.end).code) == LetterCase::kLower;
        if (!goes_on) {
            close_sentence(end, gap.end);
            return;
        }
    }
    if (opens_with_dots(border)) {
        const std::size_t dots = scan_gap(text_, stop.begin + 1).end;
        close_sentence(stop.begin + 1, dots);
        return;
    }
    if (is_border(border, book_)) {
        close_sentence(end, gap.end);
    } else {
        pos_ = close_end;
    }
}

void SentenceScan::handle_gap(const Gap& gap) {
    if (gap.is_break || gap.end >= limit_ || (gap.has_newline && newline_ends_sentence(gap))) {
        close_sentence(gap.begin, gap.end);
        return;
    }
    if (gap.has_newline) line_begin_ = gap.end;
    pos_ = gap.end;
}

bool SentenceScan::newline_ends_sentence(const Gap& gap) const {
    if (gap.begin == begin_ || is_list_item(gap.end)) return true;
    if (parse_marker(text_, gap.end, /*line_start=*/true)) return true;
    const bool lower = letter_case(decode_at(text_, gap.end).code) == LetterCase::kLower;
    if (lower && soft_newlines_) return false;
    const Decoded last = decode_before(text_, gap.begin, begin_);
    const bool ended = mark_size(text_, gap.begin - last.size) > 0 || is_closer(last.code);
    if (lower && gap.starts_blank && !gap.has_line_tag && !ended) return false;
    return !is_heading(gap.begin);
}

// Quotes or brackets around the whole caption, within more of them or marks of markdown: they say
// nothing about its sentences.
bool SentenceScan::encloses_all(const Enclosure& found) const {
    if (begin_ != first_) return false;
    for (std::size_t pos = begin_; pos < found.open;) {
        const Decoded c = decode_at(text_, pos);
        if (!is_opener(c.code)) return false;
        pos += c.size;
    }
    if (quotes_again(text_.substr(found.open, found.end - found.open))) return true;
    const std::size_t stop_end = read_stop(text_, found.end).end;
    const std::size_t closed = closers_end(text_, stop_end, text_.npos);
    return scan_gap(text_, decoration_end(text_, begin_, closed)).end >= text_.size();
}

// "Foreground:" and "**Objects**", up to `end`.
bool SentenceScan::is_heading(std::size_t end) const {
    const std::string_view line = text_.substr(line_begin_, end - line_begin_);
    if (line.size() > kMaxHeading) return false;
    if (line.ends_with(':') || line.ends_with(":**")) return true;
    return line.size() > 4 && line.starts_with("**") && line.ends_with("**") &&
           line.find("**", 2) == line.size() - 2;
}

void SentenceScan::open_sentence(std::size_t pos, bool is_item) {
    begin_ = line_begin_ = pos_ = pos;
    is_item_ = is_item;
    enclosure_ = {};
    if (pos >= text_.size()) return;
    // A marker's own period is no border, not even that of a lone marker.
    if (const auto marker = parse_marker(text_, pos, /*line_start=*/true)) pos_ = marker->end;
}

// The open sentence ends at `end`; what follows begins at `next`.
void SentenceScan::close_sentence(std::size_t end, std::size_t next) {
    if (end > begin_) found_.push_back({begin_, end, is_item_});
    open_sentence(next, false);
}

}  // namespace

std::vector<FoundSentence> scan_sentences(std::string_view text, const Abbreviations& book,
                                          bool soft_newlines) {
    return SentenceScan(text, book, soft_newlines).run();
}

}  // namespace lip::text
