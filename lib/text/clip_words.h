// How CLIP cuts cleaned text into words before it looks for byte pairs.
#pragma once

#include <cstddef>
#include <string_view>

namespace lip::text {

// Which program's cut: they differ in the names of special tokens and in 'ſ.
enum class ClipCut {
    kOpenClip,          // <start_of_text> and <end_of_text> are the tokens
    kHuggingFace,       // names are nothing special here
    kHuggingFaceNames,  // <|startoftext|> and <|endoftext|> stand for themselves, in three pieces
};

struct ClipWord {
    enum Kind { kWord, kBegin, kEnd, kName } kind;
    std::string_view text;  // empty: no more words
};

// The opening and closing signs of a kName: two characters each.
inline constexpr std::size_t kNameSigns = 2;

// The next word from `pos` on, which moves behind it: an ending after an apostrophe ('s, 't, 're,
// 've, 'm, 'll, 'd), a run of letters, one number character, or a run of other characters but white
// space; or a name of a special token. Requires valid UTF-8. Pure.
ClipWord next_clip_word(std::string_view text, std::size_t& pos, ClipCut cut);

}  // namespace lip::text
