// Which texts of records count: the option group "captions".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lip::eval {

enum class TextKind { kCaption, kSentence, kPhrase };

struct TextSelection {
    std::vector<std::string> sources;  // SOURCE or SOURCE:FORM; empty: all
    TextKind kind = TextKind::kCaption;
    std::int64_t most = 0;       // texts an image; 0: all
    bool mean_of_parts = false;  // a caption is the mean of its sentences
};

}  // namespace lip::eval
