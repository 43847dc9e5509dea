#include "record/slicer.h"

#include <algorithm>

namespace lip::record {

std::string_view Slicer::value() {
    skip_space();
    const std::size_t begin = at_;
    if (at_ == text_.size()) return {};
    const char first = text_[at_];
    if (first == '"') {
        skip_string();
    } else if (first == '{' || first == '[') {
        skip_nested();
    } else {
        ++at_;
        while (at_ < text_.size() && std::string_view(",]} \t\n\r").find(text_[at_]) == text_.npos)
            ++at_;
    }
    return since(begin);
}

void Slicer::skip_string() {
    for (++at_; at_ < text_.size(); ++at_) {
        at_ = std::min(text_.find('"', at_), text_.size());
        std::size_t slashes = 0;
        while (slashes < at_ && text_[at_ - 1 - slashes] == '\\') ++slashes;
        if (slashes % 2 == 0) break;
    }
    at_ = std::min(at_ + 1, text_.size());
}

void Slicer::skip_nested() {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (c == '"') {
            skip_string();
            continue;
        }
        ++at_;
        if (c == '[' || c == '{') ++depth;
        if ((c == ']' || c == '}') && --depth == 0) return;
    }
}

}  // namespace lip::record
