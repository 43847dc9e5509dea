#include "text/utf16.h"

#include <doctest/doctest.h>

#include <string>

namespace lip::text {
namespace {

using namespace std::string_literals;

TEST_CASE("UTF-16: both byte orders, known by their mark") {
    CHECK(from_utf16("\xFF\xFE"
                     "a\0\xE4\0"s) == "aä");
    CHECK(from_utf16("\xFE\xFF\0a\0\xE4"s) == "aä");
    CHECK(from_utf16("\xFF\xFE\x3D\xD8\x00\xDE"s) == "😀");
    CHECK(from_utf16("\xFE\xFF"s) == "");
    CHECK(!from_utf16("a\0"s));
    CHECK(
        !from_utf16("\xEF\xBB\xBF"
                    "a"s));
    CHECK(!from_utf16(""));
}

TEST_CASE("UTF-16: what is none stays no UTF-8") {
    CHECK(from_utf16("\xFF\xFE\x3D\xD8"
                     "a\0"s) ==
          "\xFF"
          "a");
    CHECK(from_utf16("\xFF\xFE\x00\xDE"s) == "\xFF");
    CHECK(from_utf16("\xFF\xFE"
                     "a\0b"s) == "a\xFF");
}

}  // namespace
}  // namespace lip::text
