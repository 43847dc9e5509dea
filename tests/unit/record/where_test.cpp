#include "record/where.h"

#include "cli/error.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lip::record {
namespace {

bool takes(const std::vector<std::string>& conditions, const std::string& record,
           WhereCounts* counts = nullptr) {
    std::vector<Condition> parsed(conditions.size());
    for (std::size_t i = 0; i < conditions.size(); ++i) from_text(conditions[i], parsed[i]);
    WhereCounts own;
    return Where(parsed).takes(*parse_record(record), counts ? *counts : own);
}

TEST_CASE("where: as it is written") {
    Condition c;
    for (const char* text : {"a=b", "a!=b", "a=", "a==b", "a=b=c"}) {
        from_text(text, c);
        CHECK(to_text(c) == text);
    }
    for (const char* text : {"", "a", "=b", "!=b"})
        CHECK_THROWS_AS(from_text(text, c), cli::UsageError);
}

TEST_CASE("where: any value of a column, all columns") {
    const std::string record =
        R"({"key":"k","split":"train","n":3,"ok":true,"none":null,"tags":["a","b"]})";
    for (const auto& held : std::vector<std::vector<std::string>>{{"split=train"},
                                                                  {"split=val", "split=train"},
                                                                  {"split!=val"},
                                                                  {"n=3", "ok=true"},
                                                                  {"none="},
                                                                  {"missing="},
                                                                  {"tags=b"},
                                                                  {"key=k"}})
        CHECK(takes(held, record));
    for (const auto& not_held :
         std::vector<std::vector<std::string>>{{"split=Train"},
                                               {"split=train", "n=4"},
                                               {"split!=train"},
                                               {"split!=val", "split!=train"},
                                               {"missing=x"},
                                               {"tags!=a"}})
        CHECK_FALSE(takes(not_held, record));
}

TEST_CASE("where: what is said when nothing is taken") {
    WhereCounts counts;
    takes({"a=x"}, R"({"key":"k","a":"y"})", &counts);
    CHECK(counts.left_out == 1);
    CHECK(Where(std::vector{Condition{"a", "x"}}).nothing_taken(counts) ==
          "no row is taken by --where a=x (there are: a=y)");
    CHECK(Where(std::vector{Condition{"b", "x"}}).nothing_taken(counts) ==
          "no row has a field \"b\" for --where");
}

}  // namespace
}  // namespace lip::record
