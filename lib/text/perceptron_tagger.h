// Parts of speech by a greedy averaged perceptron, left to right over word, affix and tag features
// (Honnibal 2013; the feature set that the widely used English tagger has).
#pragma once

#include "text/string_index.h"

#include <array>
#include <cstdint>
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

    // A tag for every token: `get(i)` is token i of `count`. The best sum of weights wins, of equal
    // sums the alphabetically last tag. Weights are taken to 1/1000, as files have them, so that
    // sums are exact.
    template <class Get>
    void tag(std::size_t count, const Get& get, std::vector<TagId>& tags) const {
        Context context(*this);
        tags.clear();
        std::size_t seen = 0;
        const auto look_ahead = [&] {
            context.next(seen < count ? get(seen) : std::string_view(), seen < count);
            ++seen;
        };
        look_ahead();
        look_ahead();
        for (std::size_t i = 0; i < count; ++i) {
            look_ahead();
            tags.push_back(context.decide());
        }
    }

private:
    using Row = std::uint32_t;  // an index into rows_; 0 is the empty row
    static constexpr std::size_t kMaxTags = 64;
    static constexpr TagId kNoTag = 255;
    using Scores = std::array<std::int32_t, kMaxTags>;  // thousandths
    static constexpr double kMaxWeight = 500;           // 14 of them and a tag fit into 31 bits
    static constexpr std::int32_t kNever = -8'000'000;  // below any sum of weights

    // 24 bits of weight and 8 of tag.
    struct Weight {
        std::int32_t packed;
        Weight(std::int32_t thousandths, TagId tag) : packed(thousandths * 256 + tag) {}
        std::int32_t thousandths() const { return packed >> 8; }
        TagId tag() const { return static_cast<TagId>(packed & 255); }
    };

    // What is known of one word in lower case.
    struct Word {
        Row current = 0, before = 0, before2 = 0, after = 0, after2 = 0;
        std::uint32_t with_tag_begin = 0, with_tag_end = 0;  // in with_tag_
        std::uint32_t suffix = 0;
        TagId only_tag = kNoTag;
    };
    struct Suffix {
        Row current = 0, before = 0, after = 0;
    };
    struct WithTag {
        Row row;
        TagId previous;
    };
    // A token's words: as it stands and as its neighbours see it.
    struct Token {
        std::uint32_t word = 0, word_suffix = 0;  // of the normalised word
        std::uint32_t suffix = 0, prefix = 0;     // of the word as it stands
        TagId only_tag = kNoTag;
    };
    struct Loader;

    // The window of five tokens around the one to decide on.
    class Context {
    public:
        explicit Context(const PerceptronTagger& tagger);
        // The next token comes into view, as the last of the five.
        void next(std::string_view word, bool is_there);
        TagId decide();

    private:
        const PerceptronTagger& tagger_;
        std::array<Token, 5> window_;  // i-2, i-1, i, i+1, i+2
        std::size_t ends_ = 0;
        TagId previous_, previous2_;
    };

    Token look_up(std::string_view word) const;
    Token normal_token(std::string_view normal) const;
    TagId best(const std::array<Token, 5>& window, TagId previous, TagId previous2) const;

    std::vector<std::string> tags_;
    StringIndex words_, suffixes_, prefixes_;  // number 0 of each is the empty string: unknown
    std::vector<Word> word_rows_;
    std::vector<Suffix> suffix_rows_;
    std::vector<Scores> prefix_scores_;
    std::vector<WithTag> with_tag_;
    // Of the two tags before, and the bias: [previous * (tags + 2) + previous2], where after the
    // tags come the two that stand before a text.
    std::vector<Scores> tag_scores_;
    std::vector<std::uint32_t> rows_ = {0, 0};  // begin of each row in weights_
    std::vector<Weight> weights_;
    Token hyphen_, year_, digits_, start_, start2_, end_, end2_;
};

}  // namespace lip::text
