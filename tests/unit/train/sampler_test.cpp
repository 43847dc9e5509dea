// The caption sampler: reference draws, no repetition, frequencies, pools of every size.
#include "train/sampler.h"

#include "cli/error.h"
#include "cli/values.h"
#include "tests/support/golden.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <utility>

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
    for (const train::Piece& piece : train::make_pool(record, sampler.settings().pool).pieces)
        if (piece.weight > 0) texts.emplace_back(piece.text);
    return texts;
}

// Every first text of many draws.
std::set<std::string> drawn_texts(const train::SamplerSettings& settings,
                                  const record::Record& record) {
    const CaptionSampler sampler(settings);
    std::set<std::string> texts;
    for (std::uint64_t epoch = 0; epoch < 300; ++epoch)
        texts.insert(sampler.draw(record, 1, epoch).texts[0]);
    return texts;
}

record::Record parse(const std::string& captions) {
    auto record = record::parse_record(R"({"key":"k","captions":[)" + captions + "]}");
    REQUIRE(static_cast<bool>(record));
    return *record;
}

std::vector<train::SourceWeight> sources(const std::vector<std::string>& list) {
    std::vector<train::SourceWeight> entries;
    for (const std::string& text : list)
        entries.push_back(cli::value_of<train::SourceWeight>(text));
    train::check(entries);
    return entries;
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
    CHECK(pool_texts(CaptionSampler({.pool = {.sentences = true}}), record) ==
          std::vector<std::string>{"a dog", "A dog runs.", "One dog.", "Two cats."});
    CHECK(pool_texts(CaptionSampler({.pool = {.sentences = true, .skip_flags = {}}}), record)
              .size() == 5);
    CHECK(pool_texts(
              CaptionSampler({.pool = {.sources = {cli::value_of<train::SourceWeight>("raw")}}}),
              record) == std::vector<std::string>{"a dog"});
    CHECK(pool_texts(CaptionSampler({.pool = {.sources = {cli::value_of<train::SourceWeight>(
                                                  "sharegpt4v:short=3")}}}),
                     record)
              .size() == 1);
}

TEST_CASE("no text comes again while the pool lasts, and what does is marked") {
    const record::Record record = sample_record();
    const CaptionSampler sampler({.texts_per_image = 6, .pool = {.sentences = true}});
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
    const CaptionSampler even({.pool = {.sentences = true}});
    const CaptionSampler odd(
        {.pool = {.sources = {cli::value_of<train::SourceWeight>("raw=3"),
                              cli::value_of<train::SourceWeight>("sharegpt4v:short")}}});
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
    const CaptionSampler first(
        {.texts_per_image = 3, .pool = {.sentences = true}, .raw_first = true});
    for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
        const train::Drawn drawn = first.draw(record, 1, epoch);
        CHECK(drawn.texts[0] == "a dog");
        CHECK(drawn.texts[1] != "a dog");
    }
    const CaptionSampler one({.texts_per_image = 3,
                              .pool = {.sources = {cli::value_of<train::SourceWeight>("raw")}},
                              .raw_first = true});
    CHECK(one.draw(record, 1, 0).valid == std::vector<bool>{true, false, false});
    const CaptionSampler none(
        {.pool = {.sources = {cli::value_of<train::SourceWeight>("nobody")}}});
    CHECK(none.draw(record, 1, 0).texts.empty());
    const CaptionSampler merged(
        {.texts_per_image = 1,
         .pool = {.sentences = true,
                  .sources = {cli::value_of<train::SourceWeight>("sharegpt4v:long")}},
         .merge = 2});
    std::set<std::string> texts;
    for (std::uint64_t epoch = 0; epoch < 100; ++epoch)
        texts.insert(merged.draw(record, 1, epoch).texts[0]);
    CHECK(texts.contains("One dog. Two cats."));
    CHECK(texts.contains("One dog."));
}

TEST_CASE("merging never reaches a sentence that was left out") {
    const train::SamplerSettings merged{
        .pool = {.sentences = true, .sources = sources({"sharegpt4v:long"})}, .merge = 3};
    CHECK(drawn_texts(merged, sample_record()) ==
          std::set<std::string>{"One dog.", "One dog. Two cats.", "Two cats."});
    const record::Record gap =
        parse(R"({"text":"One. Two. Three. Four.","source":"sharegpt4v","form":"long",)"
              R"("sentences":[[0,4],[5,9],[10,16],[17,22]],"flags":["meta@1"]})");
    train::SamplerSettings without = merged;
    without.pool.skip_flags = {"meta"};
    CHECK(drawn_texts(without, gap) ==
          std::set<std::string>{"One.", "Three.", "Three. Four.", "Four."});
}

TEST_CASE("merged sentences: a period where an end mark lacks, none after a colon") {
    const record::Record record =
        parse(R"({"text":"A list: a dog\u3002 cats","source":"s","form":"long",)"
              R"("sentences":[[0,7],[8,16],[17,21]]},)"
              R"({"text":"no end next","source":"t","form":"long","sentences":[[0,6],[7,11]]})");
    const std::set<std::string> texts =
        drawn_texts({.pool = {.sentences = true, .skip_flags = {}}, .merge = 3}, record);
    CHECK(texts.contains("A list: a dog\u3002 cats"));
    CHECK(texts.contains("no end. next"));
}

TEST_CASE("a flag of a sentence leaves out this sentence, or the caption if it is one text") {
    const record::Record record = parse(
        R"({"text":"One. Two.","source":"s","form":"long","sentences":[[0,4],[5,9]],"flags":["meta@1"]},)"
        R"({"text":"Three.","source":"s","form":"short","flags":["meta@0"]},)"
        R"({"text":"Four.","source":"s","form":"short","flags":["metal","other@0"]})");
    CHECK(pool_texts(CaptionSampler({.pool = {.sentences = true, .skip_flags = {"meta"}}}),
                     record) == std::vector<std::string>{"One.", "Four."});
    CHECK(pool_texts(CaptionSampler({.pool = {.skip_flags = {"meta"}}}), record) ==
          std::vector<std::string>{"Four."});
}

TEST_CASE("long captions whose sentences nobody marked are counted") {
    const record::Record record = parse(
        R"({"text":"One. Two.","source":"s","form":"long"},{"text":"x","source":"s","form":"short"})");
    CHECK(CaptionSampler({.pool = {.sentences = true}}).draw(record, 1, 0).unsplit == 1);
    CHECK(CaptionSampler({}).draw(record, 1, 0).unsplit == 0);
    CHECK(CaptionSampler({.pool = {.sentences = true}}).draw(sample_record(), 1, 0).unsplit == 0);
}

TEST_CASE("weights of sources: the most exact entry counts, and a list of zeros only removes") {
    const record::Record record = sample_record();
    CHECK(pool_texts(CaptionSampler({.pool = {.sources = sources({"raw=0"})}}), record).size() ==
          2);
    CHECK(pool_texts(CaptionSampler({.pool = {.sources = sources({"sharegpt4v:long=0"})}}),
                     record) == std::vector<std::string>{"a dog", "A dog runs."});
    for (const auto& list : {sources({"sharegpt4v", "sharegpt4v:long=3"}),
                             sources({"sharegpt4v:long=3", "sharegpt4v"})}) {
        CHECK(train::weight_of(list, "sharegpt4v", "long") == 3);
        CHECK(train::weight_of(list, "sharegpt4v", "short") == 1);
        CHECK(train::weight_of(list, "raw", "raw") == 0);
    }
    CHECK(train::weight_of(sources({"sharegpt4v=2", "sharegpt4v:long=0"}), "sharegpt4v", "long") ==
          0);
    CHECK_THROWS_AS(sources({"raw", "raw=2"}), cli::UsageError);
}

TEST_CASE("every candidate is drawn equally often: chi-squared") {
    const record::Record record = sample_record();
    const train::PoolSettings pool{.sentences = true, .skip_flags = {}};  // five texts
    const CaptionSampler one({.pool = pool}), two({.texts_per_image = 2, .pool = pool});
    std::map<std::string, int> counts;
    std::map<std::pair<std::string, std::string>, int> pairs;
    constexpr int kDraws = 20000;
    for (std::uint64_t epoch = 0; epoch < kDraws; ++epoch) {
        ++counts[one.draw(record, 5, epoch).texts[0]];
        const train::Drawn drawn = two.draw(record, 6, epoch);
        ++pairs[{drawn.texts[0], drawn.texts[1]}];
    }
    const auto chi_squared = [](const auto& table) {
        double sum = 0;
        const double expected = static_cast<double>(kDraws) / static_cast<double>(table.size());
        for (const auto& [text, count] : table)
            sum += (count - expected) * (count - expected) / expected;
        return sum;
    };
    CHECK(counts.size() == 5);
    CHECK(chi_squared(counts) < 18.5);  // 4 degrees of freedom, p = 0.001
    CHECK(pairs.size() == 20);
    CHECK(chi_squared(pairs) < 43.8);  // 19
}

TEST_CASE("diverse merging: half the time neighbours, else any sentences, none twice") {
    const record::Record record =
        parse(R"({"text":"A. B. C.","source":"s","form":"long","sentences":[[0,2],[3,5],[6,8]]},)"
              R"({"text":"raw","source":"raw","form":"raw"},)"
              R"({"text":"D. E.","source":"t","form":"long","sentences":[[0,2],[3,5]]})");
    const CaptionSampler sampler(
        {.pool = {.sentences = true, .sources = sources({"s", "t", "raw"})},
         .merge = 2,
         .merge_mode = train::MergeMode::kDiverse});
    std::map<std::string, int> after_a;  // texts that begin with A
    int all = 0;
    for (std::uint64_t epoch = 0; epoch < 48000; ++epoch) {
        const std::string text = sampler.draw(record, 1, epoch).texts[0];
        if (text[0] != 'A') continue;
        ++after_a[text];
        ++all;
    }
    CHECK(after_a.size() == 5);
    CHECK(!after_a.contains("A. A."));
    // Alone 1/2; two neighbours 1/4; of the other quarter each of four others a fourth.
    double sum = 0;
    for (const auto& [text, share] : std::map<std::string, double>{{"A.", 1.0 / 2},
                                                                   {"A. B.", 5.0 / 16},
                                                                   {"A. C.", 1.0 / 16},
                                                                   {"A. D.", 1.0 / 16},
                                                                   {"A. E.", 1.0 / 16}}) {
        const double expected = share * all;
        sum += (after_a[text] - expected) * (after_a[text] - expected) / expected;
    }
    CHECK(sum < 18.5);  // 4 degrees of freedom, p = 0.001
}

TEST_CASE("the released code's pieces, order, last piece and joins, by hand") {
    const record::Record record = parse(
        R"({"text":"web text. here","source":"raw","form":"raw"},)"
        R"({"text":"Lo 1. Lo 2.</s>","source":"llava15","form":"long","sentences":[[0,5],[6,11]],"flags":["meta@1"]},)"
        R"({"text":"c","source":"llava15","form":"short"},)"
        R"({"text":"Sg 1.5 m","source":"sharegpt4v","form":"long"},)"
        R"({"text":"a. b","source":"instructblip","form":"short"})");
    train::SamplerSettings settings{
        .pool = {.sentences = true, .splitter = train::Splitter::kDreamlip}};
    const auto texts = [&] { return pool_texts(CaptionSampler(settings), record); };
    CHECK(texts() ==
          std::vector<std::string>{"web text. here", "Lo 1", "Lo 2", "c", "Sg 1", "5 m", "a", "b"});
    settings.pool.skip_flags = {"meta"};  // of the sentence in which a piece begins
    CHECK(texts()[2] == "c");
    settings.pool.skip_flags.clear();
    settings.pool.order = train::PoolOrder::kCsv;
    CHECK(texts() ==
          std::vector<std::string>{"web text. here", "a", "b", "Sg 1", "5 m", "c", "Lo 1", "Lo 2"});
    settings.pool.order = train::PoolOrder::kJson;
    CHECK(texts() ==
          std::vector<std::string>{"web text. here", "a", "b", "c", "Lo 1", "Lo 2", "Sg 1", "5 m"});
    settings.pool.never_starts = 3;
    CHECK(texts() == std::vector<std::string>{"web text. here", "a", "b", "c", "Lo 1"});
    settings.pool.never_starts = 100;
    CHECK(texts() == std::vector<std::string>{"web text. here", "a"});

    settings.pool.never_starts = 3;
    settings.pool.one_run = settings.period_join = true;
    settings.merge = 2;
    CHECK(drawn_texts(settings, record) == std::set<std::string>{"web text. here", "a", "a. b", "b",
                                                                 "b. c", "c", "c. Lo 1", "Lo 1",
                                                                 "Lo 1. Lo 2"});
    settings.raw_first = true;
    CHECK(drawn_texts(settings, record) == std::set<std::string>{"web text. here"});
}

TEST_CASE("malformed sources are refused") {
    CHECK_THROWS_AS(cli::value_of<train::SourceWeight>("raw=x"), cli::UsageError);
    CHECK_THROWS_AS(cli::value_of<train::SourceWeight>("raw=-1"), cli::UsageError);
    CHECK_THROWS_AS(cli::value_of<train::SourceWeight>(":long"), cli::UsageError);
}
