// Parts of speech by a greedy averaged perceptron, left to right over word, affix and tag features
// (Honnibal 2013; the feature set that the widely used English tagger has).
#pragma once

#include "text/string_index.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lip::text {

using TagId = std::uint8_t;  // an index into PerceptronTagger::tags()

// Immutable after it is made: any thread may call tag() of one object.
class PerceptronTagger {
public:
    // Reads {"weights": {feature: {tag: weight}}, "tagdict": {word: tag}, "classes": [tag, ...]};
    // other members are left alone. Features of other names are refused. Throws lip::cli::DataError
    // naming the file.
    static PerceptronTagger from_file(const std::string& path);

    // The tags, alphabetically.
    const std::vector<std::string>& tags() const { return tags_; }

    // What one token brings to the sums of itself and of its neighbours: rows of weights.
    struct Token {
        std::uint32_t current = 0, suffix = 0;  // for the token
        std::uint32_t before = 0, before2 = 0;  // for the token after it, and the one after that
        std::uint32_t after = 0, after2 = 0;    // for the token before it, and the one before that
        std::uint32_t prefix = 0;               // in prefix_scores_
        std::uint32_t with_tag = 0;             // for the token: first of its rows in with_tag_,
        std::uint64_t with_tags = 0;            // one for each tag before it with a bit here
        TagId only_tag = kNoTag;
    };

    // The words that are known, numbered from 1 to word_count() - 1. find_word gives 0 for others.
    std::uint32_t word_count() const { return words_.size(); }
    std::string_view word(std::uint32_t number) const { return words_[number]; }
    std::uint32_t find_word(std::string_view word) const;
    // Of any word, and quickly of one with a number.
    Token token(std::string_view word) const;
    const Token& token(std::uint32_t number) const { return tokens_[number]; }

    // A tag for every token. The best sum of weights wins, of equal sums the alphabetically last
    // tag. Weights are taken to 1/1000, as files have them, so that sums are exact.
    void tag(std::span<const Token> tokens, std::vector<TagId>& tags) const;

private:
    using Row = std::uint32_t;                   // an index into rows_; 0 is the empty row
    static constexpr std::size_t kMaxTags = 48;  // with the two before a text at most 64
    static constexpr TagId kNoTag = 255;
    // Thousandths times 256. Sums hold the number of their tag below that, so that the largest
    // names its tag.
    static constexpr std::int32_t kUnit = 256;
    using Scores = std::array<std::int32_t, kMaxTags>;
    static constexpr double kMaxWeight = 500;  // 14 of them and a tag fit into 31 bits
    static constexpr std::int32_t kNever = -8'000'000 * kUnit;  // below any sum of weights

    // 24 bits of weight and 8 of tag.
    struct Weight {
        std::int32_t packed;
        Weight(std::int32_t thousandths, TagId tag) : packed(thousandths * kUnit + tag) {}
        std::int32_t units() const { return packed & ~(kUnit - 1); }
        TagId tag() const { return static_cast<TagId>(packed & (kUnit - 1)); }
    };

    // A row's weights, and once more as sums to add if they are many.
    struct RowPlace {
        std::uint32_t begin = 0, end = 0;  // in weights_
        std::uint32_t dense = 0;           // in dense_, 0: not there
    };

    // What is known of one word in lower case, or of an affix.
    struct Word {
        Token token;      // its suffix counted in
        Row current = 0;  // its suffix not counted in
        TagId only_tag = kNoTag;
    };
    struct Suffix {
        Row current = 0, before = 0, after = 0;
    };
    struct Loader;

    // Tokens i-2, i-1, i, i+1, i+2.
    using Window = std::array<const Token*, 5>;

    const Suffix& suffix_of(std::string_view word) const;
    Token normal_token(std::string_view normal) const;
    TagId best(const Window& window, TagId previous, TagId previous2) const;

    std::vector<std::string> tags_;
    StringIndex words_, suffixes_, prefixes_;  // number 0 of each is the empty string: unknown
    std::vector<Word> word_rows_;
    std::vector<Token> tokens_;  // token(word) of each word
    std::vector<Suffix> suffix_rows_;
    std::vector<Scores> prefix_scores_;
    std::vector<Row> with_tag_;
    // Of the two tags before, and the bias: [previous * (tags + 2) + previous2], where after the
    // tags come the two that stand before a text.
    std::vector<Scores> tag_scores_;
    std::vector<RowPlace> rows_ = {{}};
    std::vector<Weight> weights_;
    std::vector<Scores> dense_ = {{}};
    Token start_, start2_, end_, end2_;
};

}  // namespace lip::text
