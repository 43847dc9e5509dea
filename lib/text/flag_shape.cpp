#include "text/abbreviations.h"
#include "text/border_rules.h"
#include "text/flag_detectors.h"
#include "text/gap.h"
#include "text/list_markers.h"
#include "text/stop.h"
#include "text/utf8.h"

namespace lip::text {
namespace {

std::size_t count(std::string_view text, std::string_view what) {
    std::size_t n = 0;
    for (std::size_t pos = text.find(what); pos != text.npos;
         pos = text.find(what, pos + what.size())) {
        ++n;
    }
    return n;
}

bool ends_open(std::string_view text) {
    return scan_gap(text, 0).end < text.size() && !ends_with_end_mark(text);
}

}  // namespace

bool has_eos_token(const CaptionView& caption) {
    if (!caption.has(kMarkupByte)) return false;
    return caption.text.find("</s>") != std::string_view::npos ||
           caption.text.find("<s>") != std::string_view::npos;
}

bool has_blank_line(const CaptionView& caption) {
    const std::string_view text = trim(caption.text);
    if (text.find("   ") != text.npos) return true;
    if (!caption.has(kMarkupByte | kControlByte)) return false;
    for (std::size_t pos = text.find('\\'); pos != text.npos; pos = text.find('\\', pos + 1)) {
        if (is_escaped_newline(text, pos)) return true;
    }
    bool after_newline = false;  // only white space since the last line feed
    for (std::size_t pos = 0; pos < text.size();) {
        const Decoded c = decode_at(text, pos);
        if (c.code == '\n' && after_newline) return true;
        after_newline = c.code == '\n' || (after_newline && is_space(c.code));
        pos += c.size;
    }
    return false;
}

bool has_list(const CaptionView& caption) {
    static const Abbreviations kBook = Abbreviations::builtin();  // immutable
    return !find_list_items(caption.text, kBook).empty();
}

bool is_truncated(const CaptionView& caption) {
    return caption.form == "long" && ends_open(caption.text);
}

bool lacks_period(const CaptionView& caption) {
    return caption.form != "long" && ends_open(caption.text);
}

bool has_missing_space(const CaptionView& caption) {
    const std::string_view text = caption.text;
    for (std::size_t pos = text.find('.'); pos != text.npos; pos = text.find('.', pos)) {
        Border border{text, 0, read_stop(text, pos), 0, 0, 0, false};
        const Stop& stop = border.stop;
        pos = stop.end;
        if (stop.begin == 0 || stop.dots() != 1 || stop.bang || stop.wide) continue;
        border.close_end = border.decor_end = border.next = closers_end(text, stop.end, text.npos);
        if (is_missing_space(border)) return true;
    }
    return false;
}

bool has_odd_quotes(const CaptionView& caption) {
    if (!caption.has(kQuoteByte | kHighByte)) return false;
    return count(caption.text, "\"") % 2 != 0 ||
           count(caption.text, "\xE2\x80\x9C") != count(caption.text, "\xE2\x80\x9D");
}

}  // namespace lip::text
