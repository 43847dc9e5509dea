// Does a sentence end at this run of marks? The decisions of the rule splitter that need words.
#pragma once

#include "text/abbreviations.h"
#include "text/stop.h"

#include <cstddef>
#include <string_view>

namespace lip::text {

// One possible end of a sentence, and what surrounds it.
struct Border {
    std::string_view text;
    std::size_t sentence_begin = 0;  // nothing before it is looked at
    Stop stop;
    std::size_t close_end = 0;  // after the closing quotes and brackets behind the marks
    std::size_t decor_end = 0;  // after the decoration behind those; close_end if there is none
    std::size_t next = 0;       // where the next visible character begins; decor_end if glued
    bool in_bracket = false;    // the marks end a bracket that opened inside this sentence
};

// True if the sentence ends after `close_end`. Requires next < text.size().
bool is_border(const Border& border, const Abbreviations& book);

// The run is a full stop and three spaced dots that open the next sentence: "out. . . . The".
bool opens_with_dots(const Border& border);

// A period between two sentences with no space after it: "in the water.The boat"; not in web
// addresses and file names. Looks at characters only, not at abbreviations.
bool is_missing_space(const Border& border);

}  // namespace lip::text
