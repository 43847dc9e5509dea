#include "text/decoration.h"

#include "text/end_marks.h"
#include "text/gap.h"
#include "text/letters.h"
#include "text/stop.h"
#include "text/utf8.h"
#include "text/web_words.h"

#include <algorithm>
#include <iterator>

namespace lip::text {
namespace {

constexpr std::size_t kMaxItems = 40;     // hashtags and addresses in a row
constexpr std::size_t kMaxHashtag = 100;  // bytes
constexpr std::size_t kMaxAddress = 2048;
constexpr std::size_t kMaxTag = 32;
constexpr std::size_t kMaxReference = 6;  // "[123]"

struct Range {
    char32_t first;
    char32_t last;
};

// Pictures, their modifiers, and characters of no width. Ascending.
constexpr Range kEmoji[] = {
    {0x00AD, 0x00AD},    // soft hyphen
    {0x200B, 0x200F},    // zero width, marks of direction
    {0x2060, 0x2060},    // word joiner
    {0x20E3, 0x20E3},    // keycap
    {0x231A, 0x231B},    // watches
    {0x23E9, 0x23FA},    // clocks, buttons of players
    {0x2600, 0x27BF},    // symbols, dingbats
    {0x2B00, 0x2BFF},    // stars, arrows
    {0xFE0E, 0xFE0F},    // text or picture
    {0xFEFF, 0xFEFF},    // byte-order mark
    {0x1F000, 0x1FAFF},  // pictures
    {0xE0020, 0xE007F},  // tags of flags
};

bool is_emoji(char32_t code) {
    return code >= 0x80 && std::any_of(std::begin(kEmoji), std::end(kEmoji), [code](Range r) {
               return code >= r.first && code <= r.last;
           });
}

constexpr std::string_view kSmileys[] = {
    ":)", ":(",  ":D",  ":P",  ":p",  ":o",  ":O",  ":/",  ":|", ":*", ";)", ";D", "=)",
    "=D", ":-)", ":-(", ":-D", ":-P", ";-)", ":-/", ":'(", "<3", "xD", "XD", "^^", "^_^"};

// Entities of HTML: white space, and what closes.
constexpr std::string_view kBlankEntities[] = {"&nbsp;", "&#160;", "&zwnj;", "&zwj;"};
constexpr std::string_view kCloserEntities[] = {"&quot;",  "&#34;",   "&#39;",   "&#039;",
                                                "&apos;",  "&rdquo;", "&rsquo;", "&raquo;",
                                                "&#8221;", "&#8217;"};

bool is_blank_or_end(std::string_view text, std::size_t pos) {
    return pos >= text.size() || scan_gap(text, pos).end > pos;
}

bool is_word_at(std::string_view text, std::size_t pos) {
    if (pos >= text.size()) return false;
    const char32_t code = decode_at(text, pos).code;
    return is_digit(code) || letter_case(code) != LetterCase::kNone;
}

template <std::size_t N>
std::size_t listed_at(std::string_view text, std::size_t pos, const std::string_view (&list)[N]) {
    for (const std::string_view entry : list)
        if (text.substr(pos).starts_with(entry)) return entry.size();
    return 0;
}

// The end of the run of emoji at `pos`.
std::size_t emoji_end(std::string_view text, std::size_t pos) {
    while (pos < text.size()) {
        const Decoded c = decode_at(text, pos);
        if (!is_emoji(c.code)) break;
        pos += c.size;
    }
    return pos;
}

// "</b>" and "<|endoftext|>", but not the token "</s>", which is a gap.
std::size_t closing_tag_size(std::string_view text, std::size_t pos) {
    const std::string_view window = text.substr(pos, kMaxTag);
    const bool opens = window.starts_with("</") || window.starts_with("<|");
    if (!opens || eos_token_size(text, pos) > 0) return 0;
    const std::size_t end = window.find('>');
    if (end == window.npos || end < 3 || !is_ascii_letter(window[2])) return 0;
    return window.find('<', 1) < end ? 0 : end + 1;
}

// "[12]"
std::size_t reference_size(std::string_view text, std::size_t pos) {
    const std::string_view window = text.substr(pos, kMaxReference);
    if (!window.starts_with('[')) return 0;
    std::size_t end = 1;
    while (end < window.size() && is_ascii_digit(window[end])) ++end;
    return end > 1 && end < window.size() && window[end] == ']' ? end + 1 : 0;
}

// "#sunset", "@user": the letters, digits and _ behind the sign.
std::size_t name_end(std::string_view text, std::size_t pos) {
    bool has_letter = false;
    const std::size_t limit = std::min(text.size(), pos + kMaxHashtag);
    for (++pos; pos < limit;) {
        const Decoded c = decode_at(text, pos);
        const bool letter = letter_case(c.code) != LetterCase::kNone || c.code == '_';
        if (!letter && !is_digit(c.code)) break;
        has_letter |= letter;
        pos += c.size;
    }
    return has_letter ? pos : 0;
}

std::size_t address_end(std::string_view text, std::size_t pos) {
    const std::size_t limit = std::min(text.size(), pos + kMaxAddress);
    std::size_t end = pos;
    while (end < limit && text[end] != '<' && text[end] != '\\' && space_size_at(text, end) == 0)
        ++end;
    if (end == limit && limit < text.size()) return 0;
    return is_address(text.substr(pos, end - pos)) ? end : 0;
}

// The end of the hashtag, mention or address at `pos` and of the marks behind it, 0 if none.
std::size_t word_item_end(std::string_view text, std::size_t pos) {
    const bool named = text[pos] == '#' || text[pos] == '@';
    if (!named) return address_end(text, pos);
    std::size_t end = name_end(text, pos);
    if (end == 0) return 0;
    if (end < text.size() && text[end] == '#' && name_end(text, end) > 0) return end;
    while (end < text.size() && std::string_view(".,;!?").find(text[end]) < 5) ++end;
    end = closers_end(text, end, text.npos);
    return is_blank_or_end(text, end) || emoji_end(text, end) > end ||
                   closing_tag_size(text, end) > 0
               ? end
               : 0;
}

// Reads the decoration behind one sentence.
class DecorationScan {
public:
    DecorationScan(std::string_view text, std::size_t begin, std::size_t pos)
        : text_(text), begin_(begin), pos_(pos) {}

    std::size_t run();

private:
    std::size_t firm_item(std::size_t pos, bool glued) const;
    std::size_t stray_closers(std::size_t pos, bool glued) const;
    std::size_t glued_address_end(std::size_t pos) const;
    bool is_bullet(std::size_t pos, std::size_t end) const;

    std::string_view text_;
    std::size_t begin_;
    std::size_t pos_;
};

std::size_t DecorationScan::run() {
    std::size_t firm = pos_;  // what belongs to the sentence whatever follows
    std::size_t words = 0;
    while (pos_ < text_.size() && words < kMaxItems) {
        const Gap gap = scan_gap(text_, pos_);
        if (gap.is_break || gap.has_newline || gap.end >= text_.size()) break;
        const bool glued = gap.end == pos_;
        std::size_t end = firm_item(gap.end, glued);
        if (end == gap.end) {
            const bool may_be_host = glued && text_[gap.end] != '#';  // "shop.example.org"
            end = may_be_host ? glued_address_end(gap.end) : word_item_end(text_, gap.end);
            if (end == 0) break;
            ++words;
        }
        pos_ = end;
        if (words == 0) firm = end;
    }
    if (words == 0) return firm;
    const Gap gap = scan_gap(text_, pos_);
    const bool ends = gap.end >= text_.size() || gap.has_newline || gap.is_break;
    return ends || look_ahead(text_, gap.end).kind != NextWord::Kind::kLower ? pos_ : firm;
}

// The end of an item that never begins a sentence; `pos` if there is none.
std::size_t DecorationScan::firm_item(std::size_t pos, bool glued) const {
    const auto byte = static_cast<unsigned char>(text_[pos]);
    if (glued && is_ascii_letter(text_[pos])) return pos;  // the usual glued word
    if (byte >= 0x80) {
        const std::size_t end = emoji_end(text_, pos);
        if (end > pos) return !glued && is_bullet(pos, end) ? pos : end;
        return stray_closers(pos, glued);
    }
    if (byte == '<') {
        if (const std::size_t size = closing_tag_size(text_, pos)) return pos + size;
    } else if (byte == '&') {
        if (const std::size_t size = listed_at(text_, pos, kBlankEntities)) return pos + size;
        const std::size_t size = listed_at(text_, pos, kCloserEntities);
        if (size > 0 && !is_word_at(text_, pos + size)) return pos + size;
    } else if (byte == '[') {
        const std::size_t end = pos + reference_size(text_, pos);
        const bool last = end > pos && scan_gap(text_, end).end >= text_.size();
        return last || (glued && end > pos && is_blank_or_end(text_, end)) ? end : pos;
    }
    const std::size_t smiley = glued ? 0 : listed_at(text_, pos, kSmileys);
    if (smiley > 0 && is_blank_or_end(text_, pos + smiley)) return pos + smiley;
    return stray_closers(pos, glued);
}

// Quotes and brackets that close behind other decoration, or behind white space; there straight
// ones, which may open, only at the end of the line.
std::size_t DecorationScan::stray_closers(std::size_t pos, bool glued) const {
    const CloserKind first = closer_kind(decode_at(text_, pos).code);
    if (first == CloserKind::kNone) return pos;
    const std::size_t end = closers_end(text_, pos, text_.npos);
    if (glued || end == pos) return end;
    const Gap gap = scan_gap(text_, end);
    const bool last = gap.end >= text_.size() || gap.has_newline || gap.is_break;
    return last || (first == CloserKind::kClosing && gap.end > end) ? end : pos;
}

// "https://..." right behind the sentence; 0 if there is none.
std::size_t DecorationScan::glued_address_end(std::size_t pos) const {
    constexpr std::size_t kMaxScheme = 8;
    const std::string_view window = text_.substr(pos, kMaxScheme + 3);
    return window.find("://") == window.npos ? 0 : address_end(text_, pos);
}

// The sentence begins with the emoji at `pos`, and a word follows it here, too.
bool DecorationScan::is_bullet(std::size_t pos, std::size_t end) const {
    const std::size_t size = decode_at(text_, pos).size;
    if (begin_ + size > pos || text_.substr(begin_, size) != text_.substr(pos, size)) return false;
    const Gap gap = scan_gap(text_, end);
    return !gap.has_newline && !gap.is_break && is_word_at(text_, gap.end);
}

// The usual case: a space and a word that is no address, or nothing.
bool is_plain(std::string_view text, std::size_t pos) {
    if (pos < text.size() && text[pos] == ' ') ++pos;
    if (pos >= text.size()) return true;
    if (!is_ascii_letter(text[pos]) || ascii_lower(text[pos]) == 'x') return false;  // "xD"
    while (pos < text.size() && is_ascii_letter(text[pos])) ++pos;
    return pos == text.size() || text[pos] == ' ' || text[pos] == ',' || text[pos] == '\'';
}

// Bytes of white space, a token, a line tag or an escaped newline at the end.
std::size_t gap_size_before(std::string_view text) {
    if (const std::size_t size = space_size_before(text, text.size())) return size;
    if (text.ends_with("</s>")) return 4;
    if (text.ends_with("<s>")) return 3;
    if (text.ends_with("\\n") && is_escaped_newline(text, text.size() - 2)) return 2;
    return line_tag_size_before(text, text.size());
}

// Bytes of the tag at the end, closing or not.
std::size_t tag_size_before(std::string_view text) {
    const std::size_t floor = text.size() > kMaxTag ? text.size() - kMaxTag : 0;
    const std::size_t open = text.rfind('<');
    if (!text.ends_with('>') || open == text.npos || open < floor) return 0;
    const std::size_t name = open + (closing_tag_size(text, open) > 0 ? 2 : 1);
    const bool placeholder = name == open + 1 && text[name] < 'a';  // "<PERSON>"
    return is_ascii_letter(text[name]) && !placeholder ? text.size() - open : 0;
}

std::size_t entity_size_before(std::string_view text) {
    const std::size_t begin = text.ends_with(';') ? text.rfind('&') : text.npos;
    if (begin == text.npos) return 0;
    const std::size_t size =
        listed_at(text, begin, kBlankEntities) + listed_at(text, begin, kCloserEntities);
    return begin + size == text.size() ? size : 0;
}

// Where a hashtag or an address begins that is glued to what stands before it: "pier.#sunset".
std::size_t glued_item(std::string_view word) {
    std::size_t begin = word.rfind('#');
    if (const std::size_t colon = word.rfind("://"); colon != word.npos) {
        begin = colon;
        while (begin > 0 && is_ascii_letter(word[begin - 1])) --begin;
    }
    if (begin == word.npos || begin == 0 || word_item_end(word, begin) != word.size()) return 0;
    const char32_t before = decode_before(word, begin).code;
    return mark_kind(before) != MarkKind::kNone || is_closer(before) || is_emoji(before) ? begin
                                                                                         : 0;
}

// The last word, if it is a hashtag, a mention, an address or a smiley.
std::size_t item_size_before(std::string_view text) {
    std::size_t begin = text.size();
    const std::size_t floor = text.size() > kMaxAddress ? text.size() - kMaxAddress : 0;
    while (begin > floor && space_size_before(text, begin) == 0 && text[begin - 1] != '>') --begin;
    const std::string_view word = text.substr(begin);
    if (listed_at(word, 0, kSmileys) == word.size()) return word.size();
    for (std::size_t pos = 0; pos < word.size();) {
        const std::size_t end = word_item_end(word, pos);
        if (end == 0) {
            const std::size_t glued = glued_item(word);
            return glued > 0 ? word.size() - glued : 0;
        }
        pos = end;
    }
    return word.size();
}

}  // namespace

std::size_t decoration_end(std::string_view text, std::size_t begin, std::size_t pos) {
    return is_plain(text, pos) ? pos : DecorationScan(text, begin, pos).run();
}

std::string_view without_decoration(std::string_view text) {
    while (!text.empty()) {
        std::size_t size = gap_size_before(text);
        if (size == 0) {
            const Decoded last = decode_before(text, text.size());
            if (mark_kind(last.code) != MarkKind::kNone) break;
            const CloserKind closer = closer_kind(last.code);
            if (is_emoji(last.code) || closer == CloserKind::kMarkup) size = last.size;
            if (size == 0) size = tag_size_before(text);
            if (size == 0) size = entity_size_before(text);
            if (size == 0 && closer == CloserKind::kNone) size = item_size_before(text);
        }
        if (size == 0) break;
        text.remove_suffix(size);
    }
    return text;
}

}  // namespace lip::text
