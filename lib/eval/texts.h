// The texts of a record that count, as the option group "captions" says.
#pragma once

#include "record/record.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <span>
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

// Whether a caption is from one of the sources, SOURCE or SOURCE:FORM; of no list all are.
bool is_from(const record::Caption& caption, const std::vector<std::string>& sources);

// Throws UsageError for words that do not fit together. `texts` and `long_text` are the values of
// --texts and --long-text.
TextSelection parse_selection(const std::vector<std::string>& sources, const std::string& texts,
                              std::int64_t most, const std::string& long_text);

struct SelectedText {
    std::string text;
    std::size_t caption = 0;         // index in the record
    std::int64_t part = -1;          // of the sentence or phrase in the caption; -1: a caption
    std::vector<std::string> parts;  // what is embedded, several for the mean; else the text alone
};

// In record order. A caption without `sentences` is split here, with the rules that split-captions
// has by default; one without `phrases` has none.
std::vector<SelectedText> select_texts(const record::Record& record,
                                       const TextSelection& selection);

// A vector for each text: of its only part, or the mean of its parts' vectors, made a unit vector
// if `normalize`. `embed` maps M texts to [M, D]. Result [N, D]; no texts give [0, D].
using EmbedTexts = std::function<at::Tensor(std::span<const std::string> texts)>;
at::Tensor embed_selected(std::span<const SelectedText> texts, bool normalize,
                          const EmbedTexts& embed);

}  // namespace lip::eval
