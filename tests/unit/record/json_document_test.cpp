#include "record/json_document.h"

#include "cli/error.h"

#include <doctest/doctest.h>

#include <string>

namespace lip::record {
namespace {

std::string rows(const std::string& document, const std::string& path) {
    return rows_of_document(document, {path}, "f");
}
std::string problem(const std::string& document, const std::string& path) {
    try {
        rows(document, path);
    } catch (const cli::DataError& error) {
        return error.what();
    }
    return "";
}

TEST_CASE("json_document: lists, columns and captions by image") {
    CHECK(rows("{\"a\":[{\"x\":1},\n{\"x\":2}]}", "a") == "{\"x\":1}\n{\"x\":2}\n");
    CHECK(rows(R"({"a":{"b":[{"x":1}]}})", "a.b") == "{\"x\":1}\n");
    CHECK(rows(R"({"a.b":[{"x":1}]})", "a.b") == "{\"x\":1}\n");
    CHECK(rows(R"({"u":["1","2"],"n":[1,null]})", ".") ==
          "{\"u\":\"1\",\"n\":1}\n{\"u\":\"2\",\"n\":null}\n");
    CHECK(rows(R"({"a.jpg":"w"})", ".") == "{\"image\":\"a.jpg\",\"caption\":\"w\"}\n");
    CHECK(rows(R"({"a.jpg":["v","w"]})", ".") ==
          "{\"image\":\"a.jpg\",\"caption\":[\"v\",\"w\"]}\n");
    CHECK(rows(R"({"a":{"t":"w"}})", ".") == "{\"image\":\"a\",\"t\":\"w\"}\n");
    CHECK(rows(R"({"a":{"image":"b","t":"w"}})", ".") == "{\"image\":\"b\",\"t\":\"w\"}\n");
    CHECK(rows(R"({"a":[]})", "a").empty());
    CHECK(rows("{}", ".").empty());
}

TEST_CASE("json_document: what is not there is said") {
    CHECK(problem(R"({"a":1})", "b") == "f: --records b: there is no \"b\" (there are: \"a\")");
    CHECK(problem(R"({"a":1})", "a") == "f: --records a: is neither a list nor an object");
    CHECK(problem(R"({"a":1})", "a.b") == "f: --records a.b: \"a\" is not an object");
    CHECK(problem(R"({"a":[1]})", "a") ==
          "f: --records a: is a list of values that are not objects");
    CHECK(problem(R"({"a":[1,2],"b":[1]})", ".") ==
          "f: --records .: the columns \"a\" and \"b\" have 2 and 1 entries");
    CHECK(problem("[]", ".").ends_with("(--records takes rows out of one JSON object)"));
}

}  // namespace
}  // namespace lip::record
