#include "text/phrases.h"

#include "cli/error.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <unistd.h>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace text = lip::text;

namespace {

const std::string kGolden = std::string(LIP_SOURCE_DIR) + "/tests/golden/tagger.json";

std::string words_of(std::string_view sentence) {
    text::WordTokens tokens;
    text::split_words(sentence, tokens);
    std::string joined;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (i > 0) joined += '|';
        joined += tokens[i];
    }
    return joined;
}

std::string load_error(const std::string& json) {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("tagger" + std::to_string(getpid()))).string();
    std::ofstream(path) << json;
    std::string message;
    try {
        text::PerceptronTagger::from_file(path);
    } catch (const lip::cli::DataError& error) {
        message = error.what();
    }
    std::remove(path.c_str());
    return message;
}

bool contains(const std::string& whole, std::string_view part) {
    return whole.find(part) != std::string::npos;
}

text::PhraseLists lists() {
    const std::string share = std::string(LIP_SOURCE_DIR) + "/share/words/";
    return {text::read_word_list(share + "stop.txt"), text::read_word_list(share + "web.txt"), 20};
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("words, marks and clitics") {
    CHECK(words_of("A dog, a cat.") == "a|dog|,|a|cat|.");
    CHECK(words_of("Don't touch the dog's bone; I'll say it cannot.") ==
          "do|n't|touch|the|dog|'s|bone|;|i|'ll|say|it|can|not|.");
    CHECK(words_of("It\u2019s \u201cred\u201d \u2014 or \"blue\"\u2026") ==
          "it|'s|``|red|''|--|or|``|blue|''|...");
    CHECK(words_of("black-and-white 1,000 3.5 o'clock 12-year-old") ==
          "black-and-white|1,000|3.5|o'clock|12-year-old");
    CHECK(words_of("in the U.S. at 5 p.m. by J.K. Rowling.") ==
          "in|the|u.s.|at|5|p.m.|by|j.k.|rowling|.");
    CHECK(words_of("the dogs' toys 'n' all") == "the|dogs|'|toys|'|n|'|all");
    CHECK(words_of("see https://example.com/a?b=c, www.x.org end") ==
          "see|https://example.com/a?b=c,|www.x.org|end");
    CHECK(words_of("One.</s>Two<s>") == "one|.|two");
    CHECK(words_of("CAF\u00c9 \u65e5\u672c \u00c9t\u00e9") ==
          "caf\u00e9|\u65e5\u672c|\u00e9t\u00e9");
    CHECK(words_of(" \t\n").empty());
    CHECK(words_of("").empty());
    CHECK(words_of("a\xff\xfe") == "a\xff\xfe");
    CHECK(words_of("'") == "'");
    CHECK(words_of("n't") == "n't");
}

TEST_CASE("the tagger gives the tags of the reference") {
    const auto tagger = text::PerceptronTagger::from_file(kGolden);
    std::ifstream file(kGolden);
    const auto golden = nlohmann::json::parse(file);
    int checked = 0;
    for (const auto& golden_case : golden["cases"]) {
        const auto tokens = golden_case["tokens"].get<Texts>();
        std::vector<text::TagId> ids;
        std::vector<text::PerceptronTagger::Token> known;
        for (const std::string& token : tokens) known.push_back(tagger.token(token));
        tagger.tag(known, ids);
        Texts tags;
        for (const text::TagId id : ids) tags.push_back(tagger.tags()[id]);
        CHECK(tags == golden_case["tags"].get<Texts>());
        checked += static_cast<int>(tags.size());
    }
    CHECK(checked > 300);
}

TEST_CASE("a weights file that is none is refused by name") {
    CHECK(contains(load_error("[]"), "JSON object"));
    CHECK(contains(load_error("{"), "JSON object"));
    CHECK(contains(load_error("{}"), "no list \"classes\""));
    CHECK(contains(load_error(R"({"classes":[],"weights":{},"tagdict":{}})"), "0 classes"));
    CHECK(contains(load_error(R"({"classes":["A","A"],"weights":{},"tagdict":{}})"), "twice"));
    CHECK(contains(load_error(R"({"classes":["A"],"weights":{"bias":{"B":1}},"tagdict":{}})"),
                   "'B' is none of the classes"));
    CHECK(contains(load_error(R"({"classes":["A"],"weights":{"i shape x":{}},"tagdict":{}})"),
                   "unknown feature 'i shape x'"));
    CHECK(contains(load_error(R"({"classes":["A"],"weights":{"bias":{"A":"x"}},"tagdict":{}})"),
                   "not a number"));
    CHECK(contains(load_error(R"({"classes":["A"],"weights":{},"tagdict":{"a":"-START-"}})"),
                   "is none of the classes"));
    CHECK_THROWS_AS(text::PerceptronTagger::from_file("/nonexistent"), lip::cli::DataError);
}

TEST_CASE("chunks: one determiner, adjectives, one noun or more, the longest match") {
    using enum text::ChunkClass;
    const auto chunks = [](std::vector<text::ChunkClass> classes) {
        std::string spans;
        for (const text::Span span : text::noun_chunks(classes))
            spans += std::to_string(span.begin) + "-" + std::to_string(span.end) + " ";
        return spans;
    };
    CHECK(chunks({kDeterminer, kAdjective, kAdjective, kNoun, kNoun, kOther, kNoun}) == "0-5 6-7 ");
    CHECK(chunks({kDeterminer, kDeterminer, kNoun}) == "1-3 ");
    CHECK(chunks({kNoun, kAdjective, kNoun}) == "0-1 1-3 ");
    CHECK(chunks({kDeterminer, kAdjective, kOther, kAdjective}).empty());
    CHECK(chunks({kAdjective, kDeterminer, kNoun}) == "1-3 ");
    CHECK(chunks({}).empty());
}

TEST_CASE("phrases of tagged tokens: no web words, no stop-words alone, no repeats") {
    const text::PhraseFinder finder(lists(), std::nullopt);
    CHECK(finder.find(Texts{"A", "Photo", "of", "a", "Red", "dog", "and", "a", "red", "dog"},
                      Texts{"DT", "NN", "IN", "DT", "JJ", "NN", "CC", "DT", "JJ", "NN"}) ==
          Texts{"a red dog"});
    CHECK(finder.find(Texts{"the", "otters"}, Texts{"DT", "NNS"}) == Texts{"the otters"});
    CHECK(finder.find(Texts{"the", "one"}, Texts{"DT", "NN"}).empty());
    CHECK(finder.find(Texts{}, Texts{}).empty());
}

TEST_CASE("at most so many phrases, in order of appearance") {
    text::PhraseLists few = lists();
    few.most = 2;
    const text::PhraseFinder finder(std::move(few), std::nullopt);
    CHECK(finder.find(Texts{"dog", "runs", "cat", "sits", "cow"},
                      Texts{"NN", "VBZ", "NN", "VBZ", "NN"}) == Texts{"dog", "cat"});
}
