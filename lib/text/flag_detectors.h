// The single detectors behind detect_flags, by what they look at. All are pure.
#pragma once

#include "text/splitter.h"

#include <string_view>
#include <vector>

namespace lip::text {

struct CaptionView {
    std::string_view text;
    std::string_view form;  // raw, short or long
    const std::vector<Span>& sentences;
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
bool is_meta(std::string_view sentence);
bool is_negated(std::string_view sentence);

// flag_web.cpp: what web texts carry along.
bool has_mojibake(const CaptionView& caption);
bool has_html(const CaptionView& caption);
bool has_url(const CaptionView& caption);
bool has_hashtag(const CaptionView& caption);
bool has_placeholder(const CaptionView& caption);
bool has_filename(const CaptionView& caption);
bool has_non_ascii(const CaptionView& caption);

}  // namespace lip::text
