#include "record/slicer.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace lip::record {
namespace {

std::vector<std::string> items_of(std::string_view json) {
    std::vector<std::string> items;
    Slicer slicer(json);
    if (!slicer.enter('[')) return items;
    while (slicer.more(']')) items.emplace_back(slicer.value());
    return items;
}

using Texts = std::vector<std::string>;

TEST_CASE("slicer: values as they stand") {
    CHECK(items_of(R"([1, -2.5e3 ,"a",true,null])") ==
          Texts{"1", "-2.5e3", "\"a\"", "true", "null"});
    CHECK(items_of(R"([[1,[2]],{"a":[3,"]"]},[]])") == Texts{"[1,[2]]", R"({"a":[3,"]"]})", "[]"});
    CHECK(items_of(R"(["\\","\"",",]"])") == Texts{R"("\\")", R"("\"")", R"(",]")"});
    CHECK(items_of("[ ]").empty());
    CHECK(items_of("{}").empty());
}

TEST_CASE("slicer: goes on behind a value, and back") {
    Slicer slicer(R"({"a": [1,2],"b":3})");
    REQUIRE(slicer.enter('{'));
    REQUIRE(slicer.more('}'));
    CHECK(slicer.value() == "\"a\"");
    REQUIRE(slicer.enter(':'));
    const std::size_t begin = slicer.position();
    REQUIRE(slicer.enter('['));
    while (slicer.more(']')) slicer.value();
    CHECK(slicer.since(begin) == "[1,2]");
    slicer.return_to(begin);
    CHECK(slicer.value() == "[1,2]");
    REQUIRE(slicer.more('}'));
    CHECK(slicer.value() == "\"b\"");
}

TEST_CASE("slicer: what is no JSON ends all the same") {
    for (const std::string_view json : {"[", "[\"", "[\"\\", "[[", "[{", "[}", "[1", "[,", "]", ""})
        for (const std::string& item : items_of(json)) CHECK(item.size() <= json.size());
}

}  // namespace
}  // namespace lip::record
