#include "record/mended_json.h"

#include <doctest/doctest.h>

#include <string>

namespace lip::record {
namespace {

std::string mended(std::string_view json) {
    const auto found = mend_json(json);
    return found ? (found->replaced ? "!" : "") + found->text : "nothing";
}

TEST_CASE("mended_json: what is JSON, or broken otherwise, is left alone") {
    for (const char* json :
         {"", "{}", R"({"a":[1,-2.5e3,null,true,"NaN"]})", R"("\ud83c\udf82")", R"("\\ud83c")",
          R"("\" NaN")", "\"\xC3\xA4\xF0\x9F\x98\x80\"", "{a:1,}", "\"open", "\"open\\", "\"\\u12",
          "nano", "Infinity_", "--NaN", "\\ud83c", "\xFF"}) {
        CAPTURE(json);
        CHECK(mended(json) == "nothing");
    }
}

TEST_CASE("mended_json: numbers that are not finite are null") {
    CHECK(mended("NaN") == "null");
    CHECK(mended("[NaN,-NaN,nan, Infinity ,+Infinity,-Infinity,inf]") ==
          "[null,null,null, null ,null,null,null]");
}

TEST_CASE("mended_json: halves of surrogate pairs are U+FFFD") {
    CHECK(mended(R"("a\ud83c")") == "!\"a\xEF\xBF\xBD\"");
    CHECK(mended(R"("\uDF82\uD83C\uDF82\uD83C\u0041")") ==
          "!\"\xEF\xBF\xBD\\uD83C\\uDF82\xEF\xBF\xBD\\u0041\"");
    CHECK(mended(R"("\ud83c\\udf82")") == "!\"\xEF\xBF\xBD\\\\udf82\"");
    CHECK(mended(R"("\ud83c\ud83c\udf82")") == "!\"\xEF\xBF\xBD\\ud83c\\udf82\"");
}

TEST_CASE("mended_json: bytes that are not UTF-8 are U+FFFD, one for each that belong together") {
    CHECK(mended("\"caf\xE9\"") == "!\"caf\xEF\xBF\xBD\"");
    CHECK(mended("{\"\xE2\x82\":\"\xF0\x9F\x98\"}") == "!{\"\xEF\xBF\xBD\":\"\xEF\xBF\xBD\"}");
}

TEST_CASE("mended_json: control characters and byte order marks") {
    CHECK(mended("\"a\tb\n\x1F\"\t") == "\"a\\u0009b\\u000a\\u001f\"\t");
    CHECK(mended("\xEF\xBB\xBF{\"\xEF\xBB\xBF\":1}") == "{\"\xEF\xBB\xBF\":1}");
}

TEST_CASE("mended_json: numbers are taken out for a check of the grammar") {
    CHECK(without_numbers(R"([12,-0.5e+10,"12",1e309])") == R"([0 ,0       ,"12",0    ])");
    for (const char* json : {"01", "1.", ".5", "+1", "1e", "-", "1_0", "0x1", "\"1\\\"2", ""}) {
        CAPTURE(json);
        CHECK(without_numbers(json) == json);
    }
}

}  // namespace
}  // namespace lip::record
