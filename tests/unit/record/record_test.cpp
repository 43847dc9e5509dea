#include "record/record.h"

#include <doctest/doctest.h>

#include <string>

namespace lip::record {
namespace {

std::string word_of(std::string_view line) {
    const auto record = parse_record(line);
    return record ? "" : std::string(record.reject().word);
}

std::string json_of(const Record& record) {
    std::string out;
    append_json(out, record);
    return out;
}

constexpr std::string_view kFull =
    R"({"record":1,"key":"cc3m/1","x":{"deep":[1, 2]},"image":"img/1.jpg","url":"https://a/1","width":640,"height":480,)"
    R"("captions":[{"text":"A red bus. It waits.","source":"llava15","form":"long","sentences":[[0,10],[11,20]],)"
    R"("phrases":["a red bus"],"flags":["truncated","meta@1"],"mine":true},{"text":"Bus"}],)"
    R"("regions":[{"box":[0,0.25,1,1],"text":"a red bus","score":0.87,"source":"owlv2","id":7}],)"
    R"("label":"n02123045","mask":"m/1.png"})";

TEST_CASE("record: every field is read") {
    const auto record = parse_record(kFull);
    REQUIRE(record);
    CHECK(record->key == "cc3m/1");
    CHECK(record->image == "img/1.jpg");
    CHECK(record->url == "https://a/1");
    CHECK(record->mask == "m/1.png");
    CHECK(record->width == 640);
    CHECK(record->height == 480);
    CHECK(record->labels == std::vector<std::string>{"n02123045"});
    REQUIRE(record->captions.size() == 2);
    const Caption& caption = record->captions[0];
    CHECK(caption.source == "llava15");
    CHECK(caption.form == "long");
    REQUIRE(caption.sentences->size() == 2);
    CHECK(caption.sentence(1) == "It waits.");
    CHECK(caption.has_flag("meta@1"));
    CHECK_FALSE(caption.has_flag("meta"));
    CHECK_FALSE(record->captions[1].sentences);
    REQUIRE(record->regions.size() == 1);
    CHECK(record->regions[0].box == std::array<double, 4>{0, 0.25, 1, 1});
    CHECK(*record->regions[0].score == 0.87);
}

TEST_CASE("record: what is not changed passes byte for byte") {
    const auto record = parse_record(kFull);
    REQUIRE(record);
    CHECK(json_of(*record) == kFull);
}

TEST_CASE("record: changed captions keep their other fields and their order") {
    auto record =
        parse_record(R"({"captions":[{"mine":1,"text":"A b.","flags":[]}],"key":"a","z":0})");
    REQUIRE(record);
    record->captions[0].sentences = {{0, 4}};
    record->captions[0].flags = {"short"};
    record->update_captions();
    CHECK(
        json_of(*record) ==
        R"({"captions":[{"mine":1,"text":"A b.","flags":["short"],"sentences":[[0,4]]}],"key":"a","z":0})");
}

TEST_CASE("record: a new caption writes the fields it has") {
    Caption caption;
    caption.text = "A \"dog\".";
    caption.source = "raw";
    std::string out;
    append_json(out, caption);
    CHECK(out == R"({"text":"A \"dog\".","source":"raw"})");
    caption.phrases = std::vector<std::string>{};
    out.clear();
    append_json(out, caption);
    CHECK(out == R"({"text":"A \"dog\".","source":"raw","phrases":[]})");
}

TEST_CASE("record: labels may be a text, a list or a number") {
    const auto labels = [](const std::string& raw) {
        return parse_record("{\"key\":\"a\",\"label\":" + raw + "}")->labels;
    };
    CHECK(labels("\"cat\"") == std::vector<std::string>{"cat"});
    CHECK(labels("[\"cat\",\"dog\"]") == std::vector<std::string>{"cat", "dog"});
    CHECK(labels("12") == std::vector<std::string>{"12"});
    CHECK(labels("null").empty());
}

TEST_CASE("record: a box that overshoots by rounding is cut, the line is not changed") {
    constexpr std::string_view kOver =
        R"({"key":"a","regions":[{"box":[-0.0009,-1e-7,1.0000001,1.0009]}]})";
    const auto record = parse_record(kOver);
    REQUIRE(record);
    CHECK(record->regions[0].box == std::array<double, 4>{0, 0, 1, 1});
    CHECK(json_of(*record) == kOver);
}

TEST_CASE("record: null for an optional text is absent") {
    const auto record = parse_record(
        R"({"key":"a","image":null,"url":null,"captions":[{"text":"x","source":null}]})");
    REQUIRE(record);
    CHECK(record->image.empty());
    CHECK(record->captions[0].source.empty());
}

TEST_CASE("record: bad ones by their words") {
    const std::pair<const char*, const char*> cases[] = {
        {"{\"key\":\"a\"", "bad-json"},
        {"[]", "bad-json"},
        {"{}", "bad-record"},
        {R"({"key":""})", "bad-record"},
        {R"({"key":5})", "bad-record"},
        {R"({"key":"a","key":"a"})", "bad-record"},
        {R"({"key":"a","image":5})", "bad-record"},
        {R"({"key":"a","captions":"x"})", "bad-record"},
        {R"({"key":"a","captions":["x"]})", "bad-record"},
        {R"({"key":"a","captions":[{"source":"raw"}]})", "bad-record"},
        {R"({"key":"a","captions":[{"text":null}]})", "bad-record"},
        {R"({"key":"a","captions":[{"text":"abc","sentences":[[0,4]]}]})", "bad-record"},
        {R"({"key":"a","captions":[{"text":"abc","sentences":[[2,1]]}]})", "bad-record"},
        {R"({"key":"a","captions":[{"text":"abc","sentences":[[-1,1]]}]})", "bad-record"},
        {R"({"key":"a","captions":[{"text":"abc","sentences":[[1,2],[0,1]]}]})", "bad-record"},
        {R"({"key":"a","captions":[{"text":"abc","sentences":[[0,1,2]]}]})", "bad-record"},
        {R"({"key":"a","captions":[{"text":"abc","phrases":[1]}]})", "bad-record"},
        {R"({"key":"a","captions":[{"text":"abc","flags":"x"}]})", "bad-record"},
        {R"({"key":"a","record":2})", "bad-version"},
        {R"({"key":"a","record":"1"})", "bad-version"},
        {R"({"key":"a","regions":[{}]})", "bad-region"},
        {R"({"key":"a","regions":[{"box":[0,0,1]}]})", "bad-region"},
        {R"({"key":"a","regions":[{"box":[0,0,1,1.01]}]})", "bad-region"},
        {R"({"key":"a","regions":[{"box":[-0.1,0,1,1]}]})", "bad-region"},
        {R"({"key":"a","regions":[{"box":[0.5,0,0.4,1]}]})", "bad-region"},
        {R"({"key":"a","regions":[{"box":["0",0,1,1]}]})", "bad-region"},
        {R"({"key":"a","regions":{}})", "bad-record"},
        {R"({"key":"a","label":[1]})", "bad-record"},
    };
    for (const auto& [line, word] : cases) {
        CAPTURE(line);
        CHECK(word_of(line) == word);
    }
}

TEST_CASE("record: sentences may touch, be empty and end at the last byte") {
    CHECK(word_of(R"({"key":"a","captions":[{"text":"abc","sentences":[[0,1],[1,1],[1,3]]}]})")
              .empty());
}

}  // namespace
}  // namespace lip::record
