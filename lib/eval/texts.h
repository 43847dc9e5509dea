// The texts of a record that count, as the option group "captions" says.
#pragma once

#include "eval/text_selection.h"
#include "record/record.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace lip::eval {

// Whether a caption is from one of the sources, SOURCE or SOURCE:FORM; of no list all are.
bool is_from(const record::Caption& caption, const std::vector<std::string>& sources);

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
