#include "record/json_walk.h"

#include "tests/unit/record/sources.h"

#include <doctest/doctest.h>

#include <string>

namespace lip::record {
namespace {

// The elements of an array as "LINE TEXT", bad ones as "LINE! WORD TEXT", "cut" at the end of all.
std::string elements(const std::string& json, std::size_t most = 1000, bool is_bare = false) {
    std::string whole, in_pieces;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{3}}) {
        std::unique_ptr<ByteSource> source = memory_bytes(json);
        if (size > 0) source = std::make_unique<Trickle>(json, size, size);
        JsonWalk walk(std::move(source), most);
        if (!is_bare) REQUIRE(walk.enter('['));
        std::string out;
        JsonWalk::Element element;
        while (walk.next_element(element, is_bare)) {
            out += std::to_string(element.line);
            if (element.reject) out += "! " + std::string(element.reject->word);
            out += element.is_cut ? " cut;" : " " + element.text + ";";
        }
        (size == 0 ? whole : in_pieces) = out;
        if (size > 0) CHECK(in_pieces == whole);
    }
    return whole;
}

TEST_CASE("JSON walk: the objects of an array, whatever stands between them") {
    CHECK(elements("[]").empty());
    CHECK(elements("[{},{\"a\":[1,\"]\"]}\n,\n {\"b\":2}]") ==
          "1 {};1 {\"a\":[1,\"]\"]};3 {\"b\":2};");
    CHECK(elements("{} {\"a\":1}\n{}", 1000, true) == "1 {};1 {\"a\":1};2 {};");
}

TEST_CASE("JSON walk: an element that is no object costs itself alone") {
    CHECK(elements("[{\"a\":1}, 7, null, \"x\", [1,2], {\"a\":2}]") ==
          "1 {\"a\":1};1! bad-json 7;1! bad-json null;1! bad-json \"x\";1! bad-json [1;"
          "1 {\"a\":2};");
}

TEST_CASE("JSON walk: an element with brackets or quotes that do not match costs itself alone") {
    for (const char* bad :
         {R"({"a":[1,2})", R"({"a":1]])", R"({"a":"x})", R"({"a":{"b":1})", R"({"a" "b})"}) {
        const std::string text = bad;
        CAPTURE(text);
        CHECK(elements("[\n {\"n\":1},\n " + text + ",\n {\"n\":2},\n {\"n\":3}]") ==
              "2 {\"n\":1};3! bad-json " + text + ";4 {\"n\":2};5 {\"n\":3};");
    }
    // Objects inside of it are no elements of the array.
    CHECK(elements("[\n {\n  \"a\": [\n   {\"b\": 1},\n   {\"b\": 2}}\n },\n {\"n\":2}\n]") ==
          "2! bad-json {\n  \"a\": [\n   {\"b\": 1},\n   {\"b\": 2}}\n };7 {\"n\":2};");
    CHECK(elements("[\n {\"n\":1}},\n {\"n\":2}]") == "2 {\"n\":1};2! bad-json };3 {\"n\":2};");
    // Where an element does not begin its line, nothing tells where the next one begins.
    CHECK(elements("[{\"n\":1}, {\"a\":[1}, {\"n\":2}]") == "1 {\"n\":1};1! bad-json cut;");
}

TEST_CASE("JSON walk: what is cut and what is too large") {
    CHECK(elements("[{\"a\":1}, {\"a\":") == "1 {\"a\":1};1! bad-json cut;");
    CHECK(elements("[{\"a\":1}") == "1 {\"a\":1};1! bad-json cut;");
    const std::string large = "{\"a\":\"" + std::string(90, 'x') + "\"}";
    CHECK(elements("[{\"n\":1}," + large + ",{\"n\":2}]", 50)
              .starts_with("1 {\"n\":1};1! too-large "));
    CHECK(elements("[{\"n\":1}," + large + ",{\"n\":2}]", 50).ends_with(";1 {\"n\":2};"));
}

TEST_CASE("JSON walk: names and values of an object, past what is not wanted") {
    JsonWalk walk(memory_bytes("\xEF\xBB\xBF {\"a\": [1, {\"b\": \"}\"}], \"c\\\"d\": \"x,y\",\n"
                               " \"e\": 1.5, \"f\": {}}"),
                  1000);
    REQUIRE(walk.enter('{'));
    std::string names, name;
    while (walk.next_name(name)) {
        names += name + " ";
        walk.skip_value();
    }
    CHECK(names == "a c\\\"d e f ");
    CHECK(walk.enter('}'));
    CHECK(walk.line() == 2);
}

}  // namespace
}  // namespace lip::record
