#include "text/gap.h"

#include "text/letters.h"
#include "text/utf8.h"

#include <algorithm>

namespace lip::text {
namespace {

bool is_line_end(char32_t code) {
    return (code >= 0x0A && code <= 0x0D) || code == 0x85 || code == 0x2028 || code == 0x2029;
}

constexpr std::size_t kBlankSpaces = 3;
constexpr std::size_t kMaxLineTag = 32;  // "<br clear=all>"

}  // namespace

std::size_t eos_token_size(std::string_view text, std::size_t pos) {
    const std::string_view rest = text.substr(pos, 4);
    if (rest == "</s>") return 4;
    return rest.starts_with("<s>") ? 3 : 0;
}

std::size_t line_tag_size(std::string_view text, std::size_t pos) {
    const std::string_view window = text.substr(pos, kMaxLineTag);
    const std::size_t name = window.starts_with("</") ? 2 : 1;
    if (!window.starts_with('<') ||
        ascii_lower(window.substr(std::min(name, window.size()), 2)) != "br") {
        return 0;
    }
    const std::size_t end = window.find('>');
    if (end == window.npos || window.find('<', 1) < end) return 0;
    const char after = window[name + 2];
    return after == '>' || after == '/' || after == ' ' ? end + 1 : 0;
}

std::size_t line_tag_size_before(std::string_view text, std::size_t pos) {
    if (pos == 0 || text[pos - 1] != '>') return 0;
    const std::size_t floor = pos > kMaxLineTag ? pos - kMaxLineTag : 0;
    const std::size_t open = text.substr(floor, pos - floor).rfind('<');
    if (open == text.npos) return 0;
    const std::size_t size = pos - floor - open;
    return line_tag_size(text, floor + open) == size ? size : 0;
}

bool is_escaped_newline(std::string_view text, std::size_t pos) {
    if (text.substr(pos, 2) != "\\n") return false;
    const bool after_drive =
        pos >= 2 && text[pos - 1] == ':' && is_ascii_letter(text[pos - 2]) &&
        (pos == 2 || (!is_ascii_letter(text[pos - 3]) && text[pos - 3] != '\\'));
    const bool goes_on = pos + 2 < text.size() && is_ascii_letter(text[pos + 2]);
    return !(after_drive && goes_on);
}

bool is_after_gap(std::string_view text, std::size_t pos) {
    if (pos == 0 || space_size_before(text, pos) > 0) return true;
    if (text[pos - 1] == '>') {
        return text.substr(0, pos).ends_with("</s>") || text.substr(0, pos).ends_with("<s>") ||
               line_tag_size_before(text, pos) > 0;
    }
    return pos >= 2 && text[pos - 1] == 'n' && is_escaped_newline(text, pos - 2);
}

Gap scan_gap(std::string_view text, std::size_t pos) {
    Gap gap{pos, pos, false, false, false, false};
    std::size_t spaces = 0;
    bool after_return = false, after_tag = false;
    while (gap.end < text.size()) {
        const char byte = text[gap.end];
        if (byte == ' ') {
            if (gap.end == pos) gap.starts_blank = true;
            if (++spaces == kBlankSpaces) gap.is_break = true;
            after_return = false;
            ++gap.end;
            continue;
        }
        spaces = 0;
        std::size_t size = byte == '<' ? eos_token_size(text, gap.end) : 0;
        if (byte == '\\' && is_escaped_newline(text, gap.end)) size = 2;
        const std::size_t tag = byte == '<' && size == 0 ? line_tag_size(text, gap.end) : 0;
        if (size > 0) {
            gap.is_break = true;
        } else if (tag > 0) {
            if (gap.has_newline) gap.is_break = true;
            gap.has_newline = gap.has_line_tag = true;
            size = tag;
        } else {
            const Decoded c = decode_at(text, gap.end);
            if (!is_space(c.code)) break;
            size = c.size;
            const bool line_end =
                is_line_end(c.code) && !(c.code == '\n' && after_return) && !after_tag;
            if (line_end && gap.has_newline) gap.is_break = true;
            if (line_end) gap.has_newline = true;
            if (gap.end == pos) gap.starts_blank = !line_end;
        }
        after_return = byte == '\r';
        after_tag = tag > 0;
        gap.end += size;
    }
    return gap;
}

}  // namespace lip::text
