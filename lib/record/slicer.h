// Cuts JSON that was checked into its parts, without copying any. Text that was not checked gives
// nonsense, but never a part outside of it.
#pragma once

#include <cstddef>
#include <string_view>

namespace lip::record {

class Slicer {
public:
    explicit Slicer(std::string_view text) : text_(text) {}

    // Steps over `c` if it comes next.
    bool enter(char c) {
        skip_space();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    // Is there another element before `close`? Steps over commas, and over `close`.
    bool more(char close) {
        enter(',');
        return at_ < text_.size() && !enter(close) && at_ < text_.size();
    }
    // The next value as it stands; at least one byte unless the text is at its end.
    std::string_view value();

    // Where the next part begins: a place to return to, and to cut from.
    std::size_t position() {
        skip_space();
        return at_;
    }
    void return_to(std::size_t position) { at_ = position; }
    std::string_view since(std::size_t begin) const { return text_.substr(begin, at_ - begin); }

private:
    static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
    void skip_space() {
        while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    }
    void skip_string();
    void skip_nested();

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace lip::record
