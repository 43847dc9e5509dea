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
                             "; a weights file is a JSON object with \"weights\", \"tagdict\" and "
                             "\"classes\" (see split-captions(1), TAGGER)");
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
            if (value.get(tag)) fail("tagdict: the tag of '" + std::string(word) + "' is no text");
            this->word(word).only_tag = this->tag(tag);
        }
        finish();
    }

    void load_tags(const dom::array& classes) {
        for (const auto value : classes) {
            std::string_view tag;
            if (value.get(tag)) fail("classes: a tag is no text");
            tagger.tags_.emplace_back(tag);
        }
        std::vector<std::string>& tags = tagger.tags_;
        std::sort(tags.begin(), tags.end());
        if (std::adjacent_find(tags.begin(), tags.end()) != tags.end())
            fail("classes: a tag stands twice");
        if (tags.empty() || tags.size() > kMaxTags)
            fail(std::to_string(tags.size()) + " classes, and 1 to " + std::to_string(kMaxTags) +
                 " can be used");
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
        if (found >= tagger.tags_.size()) fail("'" + std::string(name) + "' is no class");
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
        if (value.get(weights)) fail("weights: '" + std::string(name) + "' is no object");
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
        tagger.rows_.push_back(static_cast<std::uint32_t>(tagger.weights_.size()));
        return static_cast<Row>(tagger.rows_.size() - 2);
    }

    // "TAG REST" as two.
    std::pair<TagId, std::string_view> tag_and_rest(std::string_view argument) const {
        const std::size_t space = argument.find(' ');
        if (space == std::string_view::npos) fail("feature '" + std::string(argument) + "' is cut");
        return {any_tag(argument.substr(0, space)), argument.substr(space + 1)};
    }

    void add(Row row, Scores& scores) const {
        for (std::uint32_t i = tagger.rows_[row]; i < tagger.rows_[row + 1]; ++i)
            scores[tagger.weights_[i].tag()] += tagger.weights_[i].thousandths();
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
                pairs.push_back({tagger.words_.find(rest), {row, one}});
                return;
            }
            case Feature::kWord:         word(argument).current = row; return;
            case Feature::kWordBefore:   word(argument).before = row; return;
            case Feature::kWordBefore2:  word(argument).before2 = row; return;
            case Feature::kWordAfter:    word(argument).after = row; return;
            case Feature::kWordAfter2:   word(argument).after2 = row; return;
        }
        // clang-format on
    }

    void finish() {
        std::sort(pairs.begin(), pairs.end(),
                  [](const Pair& a, const Pair& b) { return a.word < b.word; });
        for (const Pair& pair : pairs) {
            Word& word = tagger.word_rows_[pair.word];
            if (word.with_tag_end == 0)
                word.with_tag_begin = static_cast<std::uint32_t>(tagger.with_tag_.size());
            tagger.with_tag_.push_back(pair.with_tag);
            word.with_tag_end = static_cast<std::uint32_t>(tagger.with_tag_.size());
        }
        for (std::uint32_t i = 1; i < tagger.words_.size(); ++i) {
            const std::uint32_t found = tagger.suffixes_.find(last_characters(tagger.words_[i], 3));
            tagger.word_rows_[i].suffix = found == StringIndex::kNone ? 0 : found;
        }
        tagger.hyphen_ = tagger.normal_token("!HYPHEN");
        tagger.year_ = tagger.normal_token("!YEAR");
        tagger.digits_ = tagger.normal_token("!DIGITS");
        tagger.start_ = tagger.normal_token(kStart);
        tagger.start2_ = tagger.normal_token(kStart2);
        tagger.end_ = tagger.normal_token(kEnd);
        tagger.end2_ = tagger.normal_token(kEnd2);
    }

    static constexpr std::size_t kAny = SIZE_MAX;

    struct Pair {
        std::uint32_t word;
        WithTag with_tag;
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
