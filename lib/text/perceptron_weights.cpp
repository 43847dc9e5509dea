// Reads the weights of a PerceptronTagger.
#include "cli/error.h"
#include "text/perceptron_tagger.h"
#include "text/utf8.h"

#include <simdjson.h>
#include <algorithm>
#include <cmath>

namespace lip::text {
namespace {

namespace dom = simdjson::dom;

enum class Feature : std::uint8_t {
    kBias,
    kSuffix,
    kPrefix,
    kTagBefore,
    kTagBefore2,
    kTwoTags,
    kWord,
    kTagAndWord,
    kWordBefore,
    kSuffixBefore,
    kWordBefore2,
    kWordAfter,
    kSuffixAfter,
    kWordAfter2,
};

struct FeatureName {
    std::string_view name;
    Feature feature;
};

constexpr FeatureName kFeatures[] = {
    {"bias", Feature::kBias},
    {"i suffix", Feature::kSuffix},
    {"i pref1", Feature::kPrefix},
    {"i-1 tag", Feature::kTagBefore},
    {"i-2 tag", Feature::kTagBefore2},
    {"i tag+i-2 tag", Feature::kTwoTags},
    {"i word", Feature::kWord},
    {"i-1 tag+i word", Feature::kTagAndWord},
    {"i-1 word", Feature::kWordBefore},
    {"i-1 suffix", Feature::kSuffixBefore},
    {"i-2 word", Feature::kWordBefore2},
    {"i+1 word", Feature::kWordAfter},
    {"i+1 suffix", Feature::kSuffixAfter},
    {"i+2 word", Feature::kWordAfter2},
};

constexpr std::string_view kStart = "-START-", kStart2 = "-START2-";
constexpr std::string_view kEnd = "-END-", kEnd2 = "-END2-";

}  // namespace

// Fills a tagger from the parsed file.
struct PerceptronTagger::Loader {
    explicit Loader(std::string path) : path_(std::move(path)) {
        tagger.words_.insert("");
        tagger.suffixes_.insert("");
        tagger.prefixes_.insert("");
        tagger.word_rows_.resize(1);
        tagger.suffix_rows_.resize(1);
        tagger.prefix_scores_.resize(1);
    }

    [[noreturn]] void fail(const std::string& what) const {
        throw cli::DataError(path_ + ": " + what +
                             " (a weights file is a JSON object with \"weights\", \"tagdict\" and "
                             "\"classes\"; see split-captions(1), TAGGER)");
    }

    void load() {
        dom::parser parser;
        dom::object file;
        if (const auto error = parser.load(path_).get(file)) fail(simdjson::error_message(error));
        dom::array classes;
        dom::object weights, tagdict;
        if (file["classes"].get(classes)) fail("no list \"classes\"");
        if (file["weights"].get(weights)) fail("no object \"weights\"");
        if (file["tagdict"].get(tagdict)) fail("no object \"tagdict\"");
        load_tags(classes);
        for (const auto [name, row] : weights) load_feature(name, row);
        for (const auto [word, value] : tagdict) {
            std::string_view tag;
            if (value.get(tag))
                fail("tagdict: the tag of '" + std::string(word) + "' is not a string");
            this->word(word).only_tag = this->tag(tag);
        }
        finish();
    }

    void load_tags(const dom::array& classes) {
        for (const auto value : classes) {
            std::string_view tag;
            if (value.get(tag)) fail("classes: a tag is not a string");
            tagger.tags_.emplace_back(tag);
        }
        std::vector<std::string>& tags = tagger.tags_;
        std::sort(tags.begin(), tags.end());
        if (std::adjacent_find(tags.begin(), tags.end()) != tags.end())
            fail("classes: a tag occurs twice");
        if (tags.empty() || tags.size() > kMaxTags)
            fail(std::to_string(tags.size()) + " classes, but 1 to " + std::to_string(kMaxTags) +
                 " are supported");
        for (const std::string& tag : tags) tag_numbers.insert(tag);
        tag_numbers.insert(kStart);
        tag_numbers.insert(kStart2);
        Scores none{};
        std::fill(none.begin() + static_cast<long>(tags.size()), none.end(), kNever);
        tagger.tag_scores_.assign((tags.size() + 2) * (tags.size() + 2), none);
    }

    // Also one of the two that stand before a text.
    TagId any_tag(std::string_view name) const {
        const std::uint32_t number = tag_numbers.find(name);
        if (number == StringIndex::kNone)
            fail("'" + std::string(name) + "' is none of the classes");
        return static_cast<TagId>(number);
    }

    TagId tag(std::string_view name) const {
        const TagId found = any_tag(name);
        if (found >= tagger.tags_.size())
            fail("'" + std::string(name) + "' is none of the classes");
        return found;
    }

    Word& word(std::string_view text) {
        const std::uint32_t number = tagger.words_.insert(text);
        if (number == tagger.word_rows_.size()) tagger.word_rows_.emplace_back();
        return tagger.word_rows_[number];
    }

    Suffix& suffix(std::string_view text) {
        const std::uint32_t number = tagger.suffixes_.insert(text);
        if (number == tagger.suffix_rows_.size()) tagger.suffix_rows_.emplace_back();
        return tagger.suffix_rows_[number];
    }

    Scores& prefix(std::string_view text) {
        const std::uint32_t number = tagger.prefixes_.insert(text);
        if (number == tagger.prefix_scores_.size()) tagger.prefix_scores_.emplace_back();
        return tagger.prefix_scores_[number];
    }

    void load_feature(std::string_view name, const dom::element& value) {
        dom::object weights;
        if (value.get(weights)) fail("weights: '" + std::string(name) + "' is not an object");
        const Row row = add_row(name, weights);
        for (const FeatureName& known : kFeatures) {
            if (!name.starts_with(known.name)) continue;
            const std::string_view rest = name.substr(known.name.size());
            if (known.feature == Feature::kBias ? rest.empty() : rest.starts_with(' ')) {
                place(known.feature, rest.empty() ? rest : rest.substr(1), row);
                return;
            }
        }
        fail("unknown feature '" + std::string(name) + "'");
    }

    Row add_row(std::string_view name, const dom::object& weights) {
        for (const auto [label, value] : weights) {
            double weight = 0;
            if (value.get(weight)) fail("weights: '" + std::string(name) + "': not a number");
            const double thousandths = std::round(weight * 1000);
            if (!(std::abs(weight) <= kMaxWeight))
                fail("weights: '" + std::string(name) + "': " + std::to_string(weight) +
                     " is too large");
            tagger.weights_.emplace_back(static_cast<std::int32_t>(thousandths), tag(label));
        }
        return end_row();
    }

    // "TAG REST" as two.
    std::pair<TagId, std::string_view> tag_and_rest(std::string_view argument) const {
        const std::size_t space = argument.find(' ');
        if (space == std::string_view::npos)
            fail("feature '" + std::string(argument) + "' is incomplete");
        return {any_tag(argument.substr(0, space)), argument.substr(space + 1)};
    }

    void add(Row row, Scores& scores) const {
        for (std::uint32_t i = tagger.rows_[row].begin; i < tagger.rows_[row].end; ++i)
            scores[tagger.weights_[i].tag()] += tagger.weights_[i].units();
    }

    // To all pairs of tags before that fit.
    void add_for_tags(Row row, std::size_t previous, std::size_t previous2) {
        const std::size_t count = tagger.tags_.size() + 2;
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t j = 0; j < count; ++j)
                if ((previous == kAny || previous == i) && (previous2 == kAny || previous2 == j))
                    add(row, tagger.tag_scores_[i * count + j]);
    }

    void place(Feature feature, std::string_view argument, Row row) {
        // clang-format off
        switch (feature) {
            case Feature::kBias:         return add_for_tags(row, kAny, kAny);
            case Feature::kSuffix:       suffix(argument).current = row; return;
            case Feature::kSuffixBefore: suffix(argument).before = row; return;
            case Feature::kSuffixAfter:  suffix(argument).after = row; return;
            case Feature::kPrefix:       return add(row, prefix(argument));
            case Feature::kTagBefore:    return add_for_tags(row, any_tag(argument), kAny);
            case Feature::kTagBefore2:   return add_for_tags(row, kAny, any_tag(argument));
            case Feature::kTwoTags: {
                const auto [one, rest] = tag_and_rest(argument);
                return add_for_tags(row, one, any_tag(rest));
            }
            case Feature::kTagAndWord: {
                const auto [one, rest] = tag_and_rest(argument);
                word(rest);
                pairs.push_back({tagger.words_.find(rest), one, row});
                return;
            }
            case Feature::kWord:         word(argument).current = row; return;
            case Feature::kWordBefore:   word(argument).token.before = row; return;
            case Feature::kWordBefore2:  word(argument).token.before2 = row; return;
            case Feature::kWordAfter:    word(argument).token.after = row; return;
            case Feature::kWordAfter2:   word(argument).token.after2 = row; return;
        }
        // clang-format on
    }

    // The sum of two rows: one of them, or a new one.
    Row sum(Row a, Row b) {
        if (a == 0 || b == 0) return a + b;
        Scores scores{};
        add(a, scores);
        add(b, scores);
        for (std::size_t i = 0; i < tagger.tags_.size(); ++i)
            if (scores[i] != 0)
                tagger.weights_.emplace_back(scores[i] / kUnit, static_cast<TagId>(i));
        return end_row();
    }

    Row end_row() {
        const std::uint32_t begin = tagger.rows_.back().end;
        tagger.rows_.push_back({begin, static_cast<std::uint32_t>(tagger.weights_.size()), 0});
        return static_cast<Row>(tagger.rows_.size() - 1);
    }

    // The rows that are used as they are and have many weights.
    void make_dense() {
        constexpr std::uint32_t kMany = 8;
        for (Row row = 0; row < tagger.rows_.size(); ++row) {
            RowPlace& place = tagger.rows_[row];
            if (place.end - place.begin < kMany) continue;
            place.dense = static_cast<std::uint32_t>(tagger.dense_.size());
            add(row, tagger.dense_.emplace_back());
        }
    }

    void finish() {
        std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
            return std::pair(a.word, a.previous) < std::pair(b.word, b.previous);
        });
        for (const Pair& pair : pairs) {
            Token& token = tagger.word_rows_[pair.word].token;
            if (token.with_tags == 0)
                token.with_tag = static_cast<std::uint32_t>(tagger.with_tag_.size());
            token.with_tags |= std::uint64_t{1} << pair.previous;
            tagger.with_tag_.push_back(pair.row);
        }
        for (std::uint32_t i = 1; i < tagger.words_.size(); ++i) {
            const Suffix suffix = tagger.suffix_of(tagger.words_[i]);
            Word& word = tagger.word_rows_[i];
            word.token.current = sum(word.current, suffix.current);
            word.token.before = sum(word.token.before, suffix.before);
            word.token.after = sum(word.token.after, suffix.after);
        }
        for (Scores& scores : tagger.tag_scores_)
            for (std::size_t i = 0; i < kMaxTags; ++i) scores[i] += static_cast<std::int32_t>(i);
        make_dense();
        tagger.start_ = tagger.normal_token(kStart);
        tagger.start2_ = tagger.normal_token(kStart2);
        tagger.end_ = tagger.normal_token(kEnd);
        tagger.end2_ = tagger.normal_token(kEnd2);
        for (std::uint32_t i = 0; i < tagger.words_.size(); ++i)
            tagger.tokens_.push_back(tagger.token(tagger.words_[i]));
    }

    static constexpr std::size_t kAny = SIZE_MAX;

    struct Pair {
        std::uint32_t word;
        TagId previous;
        Row row;
    };

    PerceptronTagger tagger;
    StringIndex tag_numbers;
    std::vector<Pair> pairs;

private:
    std::string path_;
};

PerceptronTagger PerceptronTagger::from_file(const std::string& path) {
    Loader loader(path);
    loader.load();
    return std::move(loader.tagger);
}

}  // namespace lip::text
