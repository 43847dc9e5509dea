#include "record/object.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

namespace lip::record {
namespace {

std::string word_of(std::string_view json) {
    const auto object = parse_object(json);
    return object ? "" : std::string(object.reject().word);
}

TEST_CASE("object: fields keep order and spelling") {
    const auto object =
        parse_object(R"( {"b" : 1.50e+3 ,"a":[1, {"x":"\u00e4"}],"":null, "c\n":"x\/y" } )");
    REQUIRE(object);
    std::string out;
    object->append_json(out);
    CHECK(out == R"({"b":1.50e+3,"a":[1, {"x":"\u00e4"}],"":null,"c\n":"x\/y"})");
    CHECK(*object->find("") == "null");
    CHECK(object->find("d") == nullptr);
}

TEST_CASE("object: values of an object over several lines fit in one") {
    const auto object =
        parse_object("\n{ \"a\": [1,\r\n  {\"x y\": \"b \\n c\"}\n],\r\"b\": 2 }\n");
    REQUIRE(object);
    std::string out;
    object->append_json(out);
    CHECK(out == R"({"a":[1,{"x y":"b \n c"}],"b":2})");
    CHECK(*parse_object("{\"a\": [1, 2]}\r\n")->find("a") == "[1, 2]");
    CHECK(*parse_object("{\"a\": \"x\ny\"}")->find("a") == R"("x\u000ay")");
}

TEST_CASE("object: one value is found without the others") {
    const std::string_view json = R"({"a":{"key":1},"k\u0065y" : "x" ,"key":2})";
    CHECK(find_value(json, "key") == R"("x")");
    CHECK(find_value(json, "a") == R"({"key":1})");
    CHECK(find_value(json, "b").empty());
    CHECK(find_value("[1]", "b").empty());
}

TEST_CASE("object: the text of a checked object stays on one line") {
    std::string buffer;
    CHECK(check_object(" {\"a\": 1} ", buffer)->text == "{\"a\": 1}");
    CHECK(check_object("{\"a\":\n1}", buffer)->text == "{\"a\":1}");
    CHECK(check_object("[1]", buffer).reject().word == "bad-json");
}

TEST_CASE("object: set replaces in place or adds at the end") {
    auto object = parse_object(R"({"a":1,"b":2})");
    REQUIRE(object);
    object->set("a", "[3]");
    object->set_text("c", "\"\n");
    std::string out;
    object->append_json(out);
    CHECK(out == R"({"a":[3],"b":2,"c":"\"\n"})");
}

TEST_CASE("object: what is not one JSON object is bad-json") {
    for (const char* json : {"",
                             " ",
                             "[]",
                             "1",
                             "\"a\"",
                             "{",
                             "{\"a\":1",
                             "{\"a\":1}}",
                             "{\"a\":1}{\"b\":2}",
                             "{\"a\":1} x",
                             "{a:1}",
                             "{'a':1}",
                             "{\"a\":01}",
                             "{\"a\":+1}",
                             "{\"a\":.5}",
                             "{\"a\":tru}",
                             "{\"a\":1,}",
                             "{\"a\"}",
                             "{\"a\":\"\\x\"}",
                             "{\"a\":[1,2}",
                             "// c\n{}",
                             "{\"a\":\"b}"}) {
        CAPTURE(json);
        CHECK(word_of(json) == "bad-json");
    }
    CHECK(word_of("{}").empty());
}

TEST_CASE("object: what programs write that is no JSON is mended") {
    const auto mended = [](std::string_view json) {
        const auto object = parse_object(json);
        REQUIRE(object);
        std::string out;
        object->append_json(out);
        return out + (object->replaced ? "!" : "");
    };
    CHECK(mended(R"({"a":NaN,"b":[-Infinity]})") == R"({"a":null,"b":[null]})");
    CHECK(mended("{\"a\":\"x\xFF\"}") == "{\"a\":\"x\xEF\xBF\xBD\"}!");
    CHECK(mended("\xEF\xBB\xBF{\"a\":1}") == R"({"a":1})");
    CHECK(mended("{\"a\":\n\"\xFF\",\r\n\"b\":\"\n\"}") ==
          "{\"a\":\"\xEF\xBF\xBD\",\"b\":\"\\u000a\"}!");
    // JSON as it is, though no parser of 64 bits holds it.
    CHECK(mended(R"({"a":18446744073709551616,"b":[-1e309,"1e309"]})") ==
          R"({"a":18446744073709551616,"b":[-1e309,"1e309"]})");
    CHECK(mended(R"({"a":-18446744073709551616.5E+400})") ==
          R"({"a":-18446744073709551616.5E+400})");
    for (const char* json : {R"({"a":1e309,})", R"({"a":01e309})", R"({"a":1e309.5})",
                             R"({"a":NaN "b":1})", R"({"a":1e309 1})", "{\"a\":\"\xFF}"}) {
        CAPTURE(json);
        CHECK(word_of(json) == "bad-json");
    }
}

TEST_CASE("object: a name that stands twice is bad-record") {
    CHECK(word_of(R"({"a":1,"b":2,"a":3})") == "bad-record");
    CHECK(word_of(R"({"a":1,"\u0061":3})") == "bad-record");
}

TEST_CASE("object: depth is bounded") {
    const auto nested = [](int n) {
        return "{\"a\":" + std::string(static_cast<std::size_t>(n), '[') +
               std::string(static_cast<std::size_t>(n), ']') + "}";
    };
    CHECK(word_of(nested(500)).empty());
    CHECK(word_of(nested(513)) == "bad-json");
    CHECK(word_of(nested(1000000)) == "bad-json");
}

TEST_CASE("object: items of an array as they stand") {
    bool is_array = false;
    CHECK(array_items(R"([1, "a,b" ,[2, 3],{"x":[]}, null])", is_array) ==
          std::vector<std::string_view>{"1", "\"a,b\"", "[2, 3]", "{\"x\":[]}", "null"});
    CHECK(is_array);
    CHECK(array_items("[]", is_array).empty());
    CHECK(is_array);
    CHECK(array_items("{}", is_array).empty());
    CHECK_FALSE(is_array);
    array_items("\"a\"", is_array);
    CHECK_FALSE(is_array);
}

TEST_CASE("object: values read by type") {
    std::string text;
    CHECK(read_text(R"("a\"\u00e4\ud83d\ude00")", text));
    CHECK(text == "a\"\xC3\xA4\xF0\x9F\x98\x80");
    CHECK(read_text("\"\"", text));
    CHECK(text.empty());
    CHECK_FALSE(read_text("1", text));
    CHECK_FALSE(read_text("null", text));
    double number = 0;
    CHECK(read_number("-1.5e2", number));
    CHECK(number == -150);
    for (const char* bad : {"", "\"1\"", "1x", "nan", "inf", "1e999"})
        CHECK_FALSE(read_number(bad, number));
    std::int64_t integer = 0;
    CHECK(read_integer("-9223372036854775808", integer));
    CHECK(integer == std::numeric_limits<std::int64_t>::min());
    CHECK(read_integer("-6.40e2", integer));
    CHECK(integer == -640);
    for (const char* bad : {"", "1.5", "1e400", "1e16", "\"1.0\"", "9223372036854775808", "1 "})
        CHECK_FALSE(read_integer(bad, integer));
}

TEST_CASE("object: floats print in the shortest form that reads back") {
    for (const float value : {0.1F, 1.0F / 3, 16777216.0F, 1e-30F, -0.25F}) {
        std::string out;
        append_float(out, value);
        CHECK(std::stof(out) == value);
        CHECK(out.size() <= 14);
    }
    std::string out;
    append_float(out, 0.1F);
    out += ' ';
    append_score(out, 2.0 / 3);
    out += ' ';
    append_integer(out, -12);
    CHECK(out == "0.1 0.666667 -12");
}

}  // namespace
}  // namespace lip::record
