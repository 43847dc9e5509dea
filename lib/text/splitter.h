// Sentences of a caption as byte spans into its text. The text itself is never changed.
#pragma once

#include "text/abbreviations.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace lip::text {

// Half-open byte offsets into a caption, trimmed of white space.
struct Span {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;

    bool operator==(const Span&) const = default;
};

// The part of `text` that `span` marks. Requires span.begin <= span.end <= text.size().
inline std::string_view slice(std::string_view text, Span span) {
    return text.substr(span.begin, span.end - span.begin);
}

struct SplitOptions {
    enum class Splitter : std::uint8_t {
        kRules,     // rules for English sentences, lists, quotations
        kDreamlip,  // the released splitter of DreamLIP, piece for piece
    };
    enum class Newlines : std::uint8_t {
        kHard,  // a line end is a border, but for lines broken after a space in mid-sentence
        kSoft,  // a line end before a lower-case letter is a space
    };
    Splitter splitter = Splitter::kRules;
    Newlines newlines = Newlines::kHard;
    int min_words = 1;            // shorter sentences join the left neighbour, the first the right
    bool drop_truncated = false;  // no span for a last sentence without its end mark ...
                                  // ... unless it is the only one
    bool dedupe = false;          // of sentences equal but for case and white space: the first
    bool strip_markers = false;   // spans begin after "1.", "-", "•"
};

// Contract of split(): spans ascend, do not overlap and are trimmed; the gaps between them hold
// only white space (the two characters "\n" of an escaped newline included), line tags such as
// <br>, the tokens </s> and <s>, stripped markers and sentences that an option drops. It takes
// linear time, uses no memory but the result's order of magnitude, and never fails: every byte is
// allowed, and bytes that are not UTF-8 count as letters. With the default options a sentence split
// again is itself, unless quotes or brackets enclose it: around a whole caption they are stepped
// into.
//
// Immutable: any number of threads may call split() of one object.
class SentenceSplitter {
public:
    explicit SentenceSplitter(SplitOptions options,
                              Abbreviations abbreviations = Abbreviations::builtin());

    // Requires text.size() < 2^32, the reach of a span.
    std::vector<Span> split(std::string_view text) const;

private:
    SplitOptions options_;
    Abbreviations abbreviations_;
};

// `text` ends a sentence: its last character is a mark of end_marks.h, or a closing quote or
// bracket. White space, tokens and decoration behind that do not count.
bool ends_with_end_mark(std::string_view text);

}  // namespace lip::text
