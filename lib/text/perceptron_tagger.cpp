#include "text/perceptron_tagger.h"

#include "text/letters.h"
#include "text/utf8.h"

#include <algorithm>
#include <bit>

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

const PerceptronTagger::Suffix& PerceptronTagger::suffix_of(std::string_view word) const {
    const std::uint32_t number = suffixes_.find(last_characters(word, 3));
    return suffix_rows_[number == StringIndex::kNone ? 0 : number];
}

PerceptronTagger::Token PerceptronTagger::normal_token(std::string_view normal) const {
    if (const std::uint32_t number = find_word(normal); number != 0)
        return word_rows_[number].token;
    const Suffix& suffix = suffix_of(normal);
    Token token;
    token.current = suffix.current;
    token.before = suffix.before;
    token.after = suffix.after;
    return token;
}

std::uint32_t PerceptronTagger::find_word(std::string_view word) const {
    const std::uint32_t number = words_.find(word);
    return number == StringIndex::kNone ? 0 : number;
}

PerceptronTagger::Token PerceptronTagger::token(std::string_view word) const {
    if (word.empty()) return Token();
    Token token;
    std::string normal;
    if (has_inner_hyphen(word)) {
        normal = "!HYPHEN";
    } else if (is_ascii_digit(word[0])) {
        normal = is_year(word) ? "!YEAR" : "!DIGITS";
    } else {
        append_lower(normal, word);
    }
    token = normal_token(normal);
    if (normal != word) {  // the suffix is that of the word as it stands
        token.current = word_rows_[find_word(normal)].current;
        token.suffix = suffix_of(word).current;
    }
    token.only_tag = word_rows_[find_word(word)].only_tag;
    const std::uint32_t prefix = prefixes_.find(prefix_of(word));
    token.prefix = prefix == StringIndex::kNone ? 0 : prefix;
    return token;
}

TagId PerceptronTagger::best(const Window& window, TagId previous, TagId previous2) const {
    const Token& token = *window[2];
    Row with_tag = 0;
    const std::uint64_t bit = std::uint64_t{1} << previous;
    if ((token.with_tags & bit) != 0)
        with_tag = with_tag_[token.with_tag +
                             static_cast<std::size_t>(std::popcount(token.with_tags & (bit - 1)))];

    Scores scores = tag_scores_[previous * (tags_.size() + 2) + previous2];
    const Scores& prefix = prefix_scores_[token.prefix];
    for (std::size_t i = 0; i < kMaxTags; ++i) scores[i] += prefix[i];
    for (const Row row : {token.current, token.suffix, with_tag, window[1]->before,
                          window[0]->before2, window[3]->after, window[4]->after2}) {
        const auto [begin, end, dense] = rows_[row];
        if (dense != 0) {
            for (std::size_t i = 0; i < kMaxTags; ++i) scores[i] += dense_[dense][i];
        } else {
            for (std::uint32_t i = begin; i < end; ++i)
                scores[weights_[i].tag()] += weights_[i].units();
        }
    }
    std::int32_t best = INT32_MIN;
    for (const std::int32_t score : scores) best = std::max(best, score);
    return static_cast<TagId>(best & (kUnit - 1));
}

void PerceptronTagger::tag(std::span<const Token> tokens, std::vector<TagId>& tags) const {
    tags.clear();
    const auto at = [&](std::size_t i) {
        if (i < tokens.size()) return &tokens[i];
        return i == tokens.size() ? &end_ : &end2_;
    };
    Window window{nullptr, &start_, &start2_, at(0), at(1)};
    auto previous = static_cast<TagId>(tags_.size());
    auto previous2 = static_cast<TagId>(tags_.size() + 1);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        std::move(window.begin() + 1, window.end(), window.begin());
        window[4] = at(i + 2);
        const TagId known = tokens[i].only_tag;
        const TagId tag = known != kNoTag ? known : best(window, previous, previous2);
        tags.push_back(tag);
        previous2 = previous;
        previous = tag;
    }
}

}  // namespace lip::text
