#include "eval/texts.h"

#include "tensor/math.h"
#include "text/splitter.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lip::eval {
namespace {

// "llava15" takes every form of the source, "llava15:long" one.
std::vector<std::string> sentences_of(const record::Caption& caption) {
    static const text::SentenceSplitter splitter{text::SplitOptions{}};
    std::vector<std::string> sentences;
    if (caption.sentences) {
        for (std::size_t i = 0; i < caption.sentences->size(); ++i)
            sentences.emplace_back(caption.sentence(i));
    } else {
        for (const text::Span span : splitter.split(caption.text))
            sentences.emplace_back(text::slice(caption.text, span));
    }
    return sentences;
}

}  // namespace

bool is_from(const record::Caption& caption, const std::vector<std::string>& sources) {
    return sources.empty() ||
           std::any_of(sources.begin(), sources.end(), [&](const std::string& wanted) {
               return wanted == caption.source || wanted == caption.source + ":" + caption.form;
           });
}

std::vector<SelectedText> select_texts(const record::Record& record,
                                       const TextSelection& selection) {
    std::vector<SelectedText> texts;
    const auto is_full = [&] {
        return selection.most > 0 && static_cast<std::int64_t>(texts.size()) >= selection.most;
    };
    for (std::size_t c = 0; c < record.captions.size() && !is_full(); ++c) {
        const record::Caption& caption = record.captions[c];
        if (!is_from(caption, selection.sources)) continue;
        if (selection.kind == TextKind::kCaption) {
            std::vector<std::string> parts;
            if (selection.by_sentence()) parts = sentences_of(caption);
            if (parts.empty()) parts = {caption.text};
            texts.push_back({caption.text, c, -1, std::move(parts)});
            continue;
        }
        const std::vector<std::string> parts =
            selection.kind == TextKind::kSentence
                ? sentences_of(caption)
                : caption.phrases.value_or(std::vector<std::string>{});
        for (std::size_t i = 0; i < parts.size() && !is_full(); ++i)
            texts.push_back({parts[i], c, static_cast<std::int64_t>(i), {parts[i]}});
    }
    return texts;
}

at::Tensor embed_selected(std::span<const SelectedText> texts, bool normalize,
                          const EmbedTexts& embed) {
    std::vector<std::string> parts;
    for (const SelectedText& text : texts)
        parts.insert(parts.end(), text.parts.begin(), text.parts.end());
    const at::Tensor vectors = embed(parts);
    if (parts.size() == texts.size()) return vectors;
    std::vector<at::Tensor> rows;
    std::int64_t begin = 0;
    for (const SelectedText& text : texts) {
        const auto size = static_cast<std::int64_t>(text.parts.size());
        const at::Tensor mean = vectors.narrow(0, begin, size).mean(/*dim=*/0);
        rows.push_back(size > 1 && normalize ? tensor::unit(mean) : mean);
        begin += size;
    }
    return at::stack(rows);
}

}  // namespace lip::eval
