// Which texts of records count: the option group "captions".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lip::eval {

enum class TextKind { kCaption, kSentence, kPhrase };

// What becomes of a caption that is longer than the context.
enum class LongText {
    kCut,    // it is cut
    kMean,   // it is the mean of its sentences
    kScore,  // its score is the mean of theirs: where an image has another vector for every text
};

struct TextSelection {
    std::vector<std::string> sources;  // SOURCE or SOURCE:FORM; empty: all
    TextKind kind = TextKind::kCaption;
    std::int64_t most = 0;  // texts an image; 0: all
    LongText long_text = LongText::kCut;

    bool by_sentence() const { return long_text != LongText::kCut; }
};

}  // namespace lip::eval
