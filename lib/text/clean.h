// What is done to a text before it is cut into tokens.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lip::text {

enum class Clean {
    kNone,
    kOpenClip,      // repairs (text/repair.h), HTML twice, runs of white space, str.lower
    kCanonicalize,  // repairs, HTML twice, '_' as space, no ASCII punctuation, str.lower, white
                    // space
    kSiglip,        // str.lower, no ASCII punctuation (nor '_'), white space
    kHuggingFace,   // NFC, runs of white space as one space, lower case letter by letter
    kWhitespace,    // repairs, HTML twice, white space
    kLower,         // lower case letter by letter
    kSpaces,        // runs of white space as one space
};

// "none", "open_clip", "canonicalize", "siglip", "huggingface", "whitespace", "lower",
// "spaces".
std::string_view name_of(Clean clean);
std::optional<Clean> clean_of(std::string_view name);

// The cleaned text, without ill-formed UTF-8 except for kNone. Pure: any thread may call it.
std::string clean_text(std::string_view text, Clean clean);

// The same as characters; kNone is not meant.
std::u32string clean_code_points(std::string_view text, Clean clean);

}  // namespace lip::text
