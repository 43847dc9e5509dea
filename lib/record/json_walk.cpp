#include "record/json_walk.h"

#include "record/errors.h"
#include "record/object.h"
#include "record/shape.h"
#include "text/byte_order_mark.h"

#include <algorithm>

namespace lip::record {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::size_t kMostIndent = 256;
constexpr auto npos = std::string_view::npos;

// Could a value begin so? Then it is one, if not an object.
bool begins_value(char c) {
    return std::string_view("\"[-0123456789tfnNI").find(c) != npos;
}

// A line that begins with an object at most `indent` bytes in; the place of its bracket.
std::size_t find_sibling(std::string_view text, std::size_t indent) {
    for (std::size_t at = text.find('\n'); at != npos; at = text.find('\n', at + 1)) {
        const std::size_t first = text.find_first_not_of(" \t,", at + 1);
        if (first != npos && text[first] == '{' && first - at - 1 <= indent) return first;
    }
    return npos;
}

}  // namespace

void JsonWalk::drop(std::size_t size) {
    const std::string_view gone = window_.view().substr(0, size);
    line_ += static_cast<std::uint64_t>(std::ranges::count(gone, '\n'));
    const std::size_t newline = gone.rfind('\n');
    if (newline != npos) line_start_.clear();
    line_start_ += gone.substr(newline == npos ? 0 : newline + 1).substr(0, kMostIndent + 1);
    line_start_.resize(std::min(line_start_.size(), kMostIndent + 1));
    window_.take(size);
}

bool JsonWalk::skip_any(std::string_view characters) {
    for (;;) {
        const std::size_t at = window_.view().find_first_not_of(characters);
        if (at != npos) {
            drop(at);
            return true;
        }
        drop(window_.view().size());
        if (!window_.more()) return false;
    }
}

bool JsonWalk::enter(char bracket) {
    if (at_start_) {
        while (window_.view().size() < text::kByteOrderMark.size() && window_.more()) {
        }
        if (window_.view().starts_with(text::kByteOrderMark)) drop(text::kByteOrderMark.size());
        at_start_ = false;
    }
    if (!skip_any(kSpace) || window_.view()[0] != bracket) return false;
    drop(1);
    return true;
}

bool JsonWalk::skip_text(std::string* kept) {
    drop(1);
    for (bool is_escaped = false;;) {
        if (window_.view().empty() && !window_.more()) return false;
        const char c = window_.view()[0];
        drop(1);
        if (c == '"' && !is_escaped) return true;
        if (kept) *kept += c;
        if (kept && kept->size() > most_) return false;
        is_escaped = c == '\\' && !is_escaped;
    }
}

bool JsonWalk::next_name(std::string& name) {
    name.clear();
    return skip_any(" \t\r\n,") && window_.view()[0] == '"' && skip_text(&name) &&
           skip_any(" \t\r\n:");
}

void JsonWalk::skip_nested() {
    for (ScanState state;;) {
        const std::size_t size = scan_value(window_.view(), state);
        if (size > 0) return drop(size);
        drop(window_.view().size());
        state.seen = 0;
        if (!window_.more()) return;
    }
}

void JsonWalk::skip_value() {
    if (!skip_any(kSpace)) return;
    const char c = window_.view()[0];
    if (c == '{' || c == '[') return skip_nested();
    if (c == '"') {
        skip_text(nullptr);
        return;
    }
    for (;;) {
        const std::size_t end = window_.view().find_first_of(",}]");
        if (end != npos) return drop(end);
        drop(window_.view().size());
        if (!window_.more()) return;
    }
}

bool JsonWalk::fail(Element& element, const char* why) {
    done_ = true;
    element.text = window_.view().substr(0, kShownBytes);
    element.is_cut = true;
    element.reject = cli::Reject{"bad-json", std::string("not JSON: ") + why};
    return true;
}

bool JsonWalk::leave_out(Element& element, std::size_t size, cli::Reject reject) {
    element.text = window_.view().substr(0, std::min(size, kShownBytes));
    while (!element.text.empty() && std::string_view(" \t\r\n,").find(element.text.back()) != npos)
        element.text.pop_back();
    element.reject = std::move(reject);
    return true;
}

std::size_t JsonWalk::next_sibling(bool wait) {
    if (indent_ == npos) return npos;  // nothing tells where elements begin
    for (;;) {
        const std::size_t at = find_sibling(window_.view().substr(0, most_), indent_);
        if (at != npos || !wait || window_.view().size() > most_ || !window_.more()) return at;
    }
}

bool JsonWalk::next_element(Element& element, bool is_bare) {
    if (done_) return false;
    if (at_start_) enter('\0');
    const bool is_there = skip_any(" \t\r\n,");
    element = {};
    element.offset = window_.offset();
    element.line = line_ + 1;
    if (!is_there) {
        if (!is_bare) return fail(element, "the array does not end");
        done_ = true;
        return false;
    }
    const char c = window_.view()[0];
    if (c == ']' && !is_bare) {
        drop(1);
        return false;
    }
    if (c != '{') return next_other(element, is_bare);
    const bool begins_line =
        line_start_.find_first_not_of(" \t,[") == npos && line_start_.size() <= kMostIndent;
    indent_ = begins_line ? line_start_.size() : npos;
    ScanState state;
    std::size_t size = scan_value(window_.view(), state);
    while (size == 0 && window_.view().size() <= most_ && window_.more())
        size = scan_value(window_.view(), state);
    const bool is_large = size > most_ || (size == 0 && window_.view().size() > most_);
    const bool is_broken = !is_large && size > 0 && state.mismatch;
    // One quote too many makes several elements look like one.
    const std::size_t next = next_sibling(is_broken);
    std::string buffer;
    const bool is_sound = !is_large && !is_broken && size > 0 &&
                          (next > size || check_object(window_.view().substr(0, size), buffer));
    if (is_sound) {
        element.text = window_.view().substr(0, size);
        drop(size);
    } else if (next != npos) {
        leave_out(element, next, {"bad-json", "not JSON: its brackets or quotes do not match"});
        drop(next);
    } else if (is_large) {
        leave_out(element, most_, too_large());
        skip_nested();
    } else {
        fail(element, "the last element does not end");
        if (is_broken) element.reject->message = kHidesOthers;
    }
    return true;
}

// What is not an object.
bool JsonWalk::next_other(Element& element, bool is_bare) {
    constexpr const char* kWhy = "an element is not an object";
    if (is_bare || !begins_value(window_.view()[0])) {
        const std::size_t next = next_sibling(true);
        if (next == npos) return fail(element, kWhy);
        leave_out(element, next, {"bad-json", std::string("not JSON: ") + kWhy});
        drop(next);
        return true;
    }
    std::size_t end = npos;
    while ((end = window_.view().find_first_of(",]\n")) == npos &&
           window_.view().size() < kShownBytes && window_.more()) {
    }
    leave_out(element, std::max<std::size_t>(1, end), {"bad-json", kWhy});
    skip_value();
    return true;
}

}  // namespace lip::record
