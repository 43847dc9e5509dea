// The rule splitter: one pass over a caption that finds sentences by rules for English text.
#pragma once

#include "text/abbreviations.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace lip::text {

// A sentence as the scan found it.
struct FoundSentence {
    std::size_t begin;
    std::size_t end;
    bool is_item;  // begins with a marker that belongs to a list
};

// Linear in text.size(). With `soft_newlines` a line end before a lower-case letter is a space.
// Thread-safe.
std::vector<FoundSentence> scan_sentences(std::string_view text, const Abbreviations& book,
                                          bool soft_newlines);

}  // namespace lip::text
