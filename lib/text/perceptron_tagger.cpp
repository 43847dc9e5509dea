#include "text/perceptron_tagger.h"

#include "text/letters.h"
#include "text/utf8.h"

#include <algorithm>

namespace lip::text {
namespace {

std::string_view prefix_of(std::string_view word) {
    return word.empty() ? word : word.substr(0, decode_at(word, 0).size);
}

bool has_inner_hyphen(std::string_view word) {
    return word[0] != '-' && word.find('-') != std::string_view::npos;
}

bool is_year(std::string_view word) {
    return word.size() == 4 && std::all_of(word.begin(), word.end(), is_ascii_digit);
}

}  // namespace

PerceptronTagger::Token PerceptronTagger::normal_token(std::string_view normal) const {
    Token token;
    token.word = words_.find(normal);
    if (token.word == StringIndex::kNone) token.word = 0;
    token.word_suffix = token.word != 0 ? word_rows_[token.word].suffix : 0;
    if (token.word_suffix == 0) token.word_suffix = suffixes_.find(last_characters(normal, 3));
    if (token.word_suffix == StringIndex::kNone) token.word_suffix = 0;
    return token;
}

PerceptronTagger::Token PerceptronTagger::look_up(std::string_view word) const {
    if (word.empty()) return Token();
    Token token;
    std::string lower;
    if (has_inner_hyphen(word)) {
        token = hyphen_;
    } else if (is_ascii_digit(word[0])) {
        token = is_year(word) ? year_ : digits_;
    } else {
        append_lower(lower, word);
        token = normal_token(lower);
    }
    const bool is_normal = lower == word;
    const std::uint32_t raw = is_normal ? token.word : words_.find(word);
    if (raw != StringIndex::kNone) token.only_tag = word_rows_[raw].only_tag;
    token.suffix = is_normal ? token.word_suffix : suffixes_.find(last_characters(word, 3));
    if (token.suffix == StringIndex::kNone) token.suffix = 0;
    token.prefix = prefixes_.find(prefix_of(word));
    if (token.prefix == StringIndex::kNone) token.prefix = 0;
    return token;
}

TagId PerceptronTagger::best(const std::array<Token, 5>& window, TagId previous,
                             TagId previous2) const {
    const Token& token = window[2];
    const auto word = [&](std::size_t i) -> const Word& { return word_rows_[window[i].word]; };
    const auto suffix = [&](std::size_t i) -> const Suffix& {
        return suffix_rows_[window[i].word_suffix];
    };
    Row with_tag = 0;
    for (std::uint32_t i = word(2).with_tag_begin; i < word(2).with_tag_end; ++i)
        if (with_tag_[i].previous == previous) with_tag = with_tag_[i].row;

    Scores scores = tag_scores_[previous * (tags_.size() + 2) + previous2];
    const Scores& prefix = prefix_scores_[token.prefix];
    for (std::size_t i = 0; i < kMaxTags; ++i) scores[i] += prefix[i];
    for (const Row row :
         {suffix_rows_[token.suffix].current, word(2).current, with_tag, word(1).before,
          suffix(1).before, word(0).before2, word(3).after, suffix(3).after, word(4).after2})
        for (std::uint32_t i = rows_[row]; i < rows_[row + 1]; ++i)
            scores[weights_[i].tag()] += weights_[i].thousandths();
    // The tag in the low bits decides between equal sums; places beyond the tags hold kNever.
    std::int32_t best = INT32_MIN;
    for (std::size_t i = 0; i < kMaxTags; ++i)
        best = std::max(best, scores[i] * 256 + static_cast<std::int32_t>(i));
    return static_cast<TagId>(best & 255);
}

PerceptronTagger::Context::Context(const PerceptronTagger& tagger)
    : tagger_(tagger),
      window_{Token(), Token(), Token(), tagger.start_, tagger.start2_},
      previous_(static_cast<TagId>(tagger.tags_.size())),
      previous2_(static_cast<TagId>(tagger.tags_.size() + 1)) {}

void PerceptronTagger::Context::next(std::string_view word, bool is_there) {
    std::move(window_.begin() + 1, window_.end(), window_.begin());
    window_[4] = is_there ? tagger_.look_up(word) : ends_++ == 0 ? tagger_.end_ : tagger_.end2_;
}

TagId PerceptronTagger::Context::decide() {
    const TagId known = window_[2].only_tag;
    const TagId tag = known != kNoTag ? known : tagger_.best(window_, previous_, previous2_);
    previous2_ = previous_;
    previous_ = tag;
    return tag;
}

}  // namespace lip::text
