// The single detectors behind detect_flags, by what they look at. All are pure.
#pragma once

#include "text/splitter.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace lip::text {

// Kinds of bytes that some flags cannot do without.
enum ByteKind : std::uint8_t {
    kLetterByte = 1,
    kDigitByte = 2,
    kHighByte = 4,     // beyond ASCII
    kControlByte = 8,  // below 0x20
    kMarkupByte = 16,  // < & # backslash
    kQuoteByte = 32,   // "
};

// A caption, and what one pass over it found.
struct CaptionView {
    std::string_view text;
    std::string_view form;  // raw, short or long
    const std::vector<Span>& sentences;
    std::string_view lower;                   // the text with ASCII letters in lower case
    std::uint8_t kinds;                       // of its bytes, the bits of ByteKind
    const std::vector<std::uint32_t>& words;  // where runs of ASCII letters begin

    bool has(unsigned kind) const { return (kinds & kind) != 0; }
};

// flag_shape.cpp: how the caption is built.
bool has_eos_token(const CaptionView& caption);
bool has_blank_line(const CaptionView& caption);
bool has_list(const CaptionView& caption);
bool is_truncated(const CaptionView& caption);
bool lacks_period(const CaptionView& caption);
bool has_missing_space(const CaptionView& caption);
bool has_odd_quotes(const CaptionView& caption);

// flag_repetition.cpp: over 30 % of the sentences repeat, or a run of four words occurs more than
// six times, or a text above 400 bytes deflates to less than 0.3 of its size.
bool is_repetitive(const CaptionView& caption);

// flag_words.cpp: what is said.
bool has_boilerplate(const CaptionView& caption);
bool is_meta(const CaptionView& caption, Span sentence);
bool is_negated(const CaptionView& caption, Span sentence);

// flag_web.cpp: what web texts carry along.
bool has_mojibake(const CaptionView& caption);
bool has_html(const CaptionView& caption);
bool has_url(const CaptionView& caption);
bool has_hashtag(const CaptionView& caption);
bool has_placeholder(const CaptionView& caption);
bool has_filename(const CaptionView& caption);
bool has_non_ascii(const CaptionView& caption);

}  // namespace lip::text
