// The caption sampler: reference draws, no repetition, frequencies, pools of every size.
#include "train/sampler.h"

#include "cli/error.h"
#include "tests/support/golden.h"

#include <doctest/doctest.h>

#include <set>

using namespace lip;
using train::CaptionSampler;

namespace {

// A raw caption, a short one, and a long one of three sentences.
record::Record sample_record() {
    auto record = record::parse_record(
        R"({"key":"k","captions":[{"text":"a dog","source":"raw","form":"raw"},)"
        R"({"text":"A dog runs.","source":"sharegpt4v","form":"short"},)"
        R"({"text":"One dog. Two cats. Three b","source":"sharegpt4v","form":"long","sentences":[[0,8],[9,18],[19,26]],)"
        R"("flags":["truncated"]}]})");
    REQUIRE(static_cast<bool>(record));
    return *record;
}

std::vector<std::string> pool_texts(const CaptionSampler& sampler, const record::Record& record) {
    std::vector<std::string> texts;
    for (const train::Candidate& c : sampler.pool(record)) {
        const record::Caption& caption = record.captions[c.caption];
        texts.push_back(c.sentence < 0
                            ? caption.text
                            : std::string(caption.sentence(static_cast<std::size_t>(c.sentence))));
    }
    return texts;
}

}  // namespace

TEST_CASE("draws equal the reference") {
    const auto golden = test::read_golden("dreamlip.json");
    int runs = 0;
    for (const auto& c : golden["cases"]) {
        if (c["name"] != "draw") continue;
        for (const auto& run : c["runs"]) {
            record::KeyedRng rng(11, 2, record::Stream::kSubCaptions, "sample-a");
            std::vector<bool> valid;
            const auto index = train::draw_indices(run["weights"].get<std::vector<std::uint64_t>>(),
                                                   run["K"].get<std::size_t>(), rng, valid);
            CHECK(index == run["index"].get<std::vector<std::size_t>>());
            const auto expected = run["valid"].get<std::vector<int>>();
            CHECK(std::vector<int>(valid.begin(), valid.end()) == expected);
            ++runs;
        }
    }
    CHECK(runs == 4);
}

TEST_CASE("the pool: whole captions, or long ones by sentence without a cut-off last one") {
    const record::Record record = sample_record();
    CHECK(pool_texts(CaptionSampler({}), record) ==
          std::vector<std::string>{"a dog", "A dog runs.", "One dog. Two cats. Three b"});
    CHECK(pool_texts(CaptionSampler({.sentences = true}), record) ==
          std::vector<std::string>{"a dog", "A dog runs.", "One dog.", "Two cats."});
    CHECK(pool_texts(CaptionSampler({.sentences = true, .skip_flags = {}}), record).size() == 5);
    CHECK(pool_texts(CaptionSampler({.sources = {train::parse_source("raw")}}), record) ==
          std::vector<std::string>{"a dog"});
    CHECK(
        pool_texts(CaptionSampler({.sources = {train::parse_source("sharegpt4v:short=3")}}), record)
            .size() == 1);
}

TEST_CASE("no text comes again while the pool lasts, and what does is marked") {
    const record::Record record = sample_record();
    const CaptionSampler sampler({.texts_per_image = 6, .sentences = true});
    for (std::uint64_t epoch = 0; epoch < 50; ++epoch) {
        const train::Drawn drawn = sampler.draw(record, 3, epoch);
        CHECK(drawn.texts.size() == 6);
        const std::set<std::string> first(drawn.texts.begin(), drawn.texts.begin() + 4);
        CHECK(first.size() == 4);
        CHECK(drawn.valid == std::vector<bool>{true, true, true, true, false, false});
    }
}

TEST_CASE("candidates come equally often, and by weight where weighted") {
    const record::Record record = sample_record();
    const CaptionSampler even({.sentences = true});
    const CaptionSampler odd(
        {.sources = {train::parse_source("raw=3"), train::parse_source("sharegpt4v:short")}});
    int raw = 0, heavy = 0;
    for (std::uint64_t epoch = 0; epoch < 4000; ++epoch) {
        raw += even.draw(record, 1, epoch).texts[0] == "a dog";
        heavy += odd.draw(record, 1, epoch).texts[0] == "a dog";
    }
    CHECK(std::abs(raw - 1000) < 110);  // four standard deviations
    CHECK(std::abs(heavy - 3000) < 110);
}

TEST_CASE("raw first, pools of one and none, merging") {
    const record::Record record = sample_record();
    const CaptionSampler first({.texts_per_image = 3, .sentences = true, .raw_first = true});
    for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
        const train::Drawn drawn = first.draw(record, 1, epoch);
        CHECK(drawn.texts[0] == "a dog");
        CHECK(drawn.texts[1] != "a dog");
    }
    const CaptionSampler one(
        {.texts_per_image = 3, .sources = {train::parse_source("raw")}, .raw_first = true});
    CHECK(one.draw(record, 1, 0).valid == std::vector<bool>{true, false, false});
    const CaptionSampler none({.sources = {train::parse_source("nobody")}});
    CHECK(none.draw(record, 1, 0).texts.empty());
    const CaptionSampler merged({.texts_per_image = 1,
                                 .sentences = true,
                                 .sources = {train::parse_source("sharegpt4v:long")},
                                 .merge = 2});
    std::set<std::string> texts;
    for (std::uint64_t epoch = 0; epoch < 100; ++epoch)
        texts.insert(merged.draw(record, 1, epoch).texts[0]);
    CHECK(texts.contains("One dog. Two cats."));
    CHECK(texts.contains("One dog."));
}

TEST_CASE("malformed sources are refused") {
    CHECK_THROWS_AS(train::parse_source("raw=x"), cli::UsageError);
    CHECK_THROWS_AS(train::parse_source("raw=-1"), cli::UsageError);
    CHECK_THROWS_AS(train::parse_source(":long"), cli::UsageError);
}
