#include "text/utf8.h"

#include "text/letters.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace text = lip::text;
using namespace std::string_view_literals;

TEST_CASE("decode_at reads characters of one to four bytes") {
    CHECK(text::decode_at("A", 0).code == U'A');
    CHECK(text::decode_at("\xC3\xA9", 0).code == 0xE9);
    CHECK(text::decode_at("\xE2\x80\xA6", 0).code == 0x2026);
    CHECK(text::decode_at("\xF0\x9F\x98\x80", 0).code == 0x1F600);
    CHECK(text::decode_at("\xF0\x9F\x98\x80", 0).size == 4);
    CHECK(text::decode_at("\0"sv, 0).code == 0);
}

TEST_CASE("bytes that are not UTF-8 stand for themselves") {
    // lone continuation, truncated, over-long, surrogate, above U+10FFFF, never valid
    for (const auto bad : {"\x80"sv, "\xC3"sv, "\xE2\x80"sv, "\xC0\x80"sv, "\xE0\x80\x80"sv,
                           "\xED\xA0\x80"sv, "\xF4\x90\x80\x80"sv, "\xFF"sv, "\xC3("sv}) {
        CHECK(text::decode_at(bad, 0).code == text::kInvalidByte);
        CHECK(text::decode_at(bad, 0).size == 1);
    }
    CHECK(text::letter_case(text::kInvalidByte) == text::LetterCase::kCaseless);
}

TEST_CASE("decode_before mirrors decode_at and keeps to the floor") {
    const std::string_view s = "a\xC3\xA9\xE2\x80\xA6\xF0\x9F\x98\x80\x80";
    CHECK(text::decode_before(s, 1).code == U'a');
    CHECK(text::decode_before(s, 3).code == 0xE9);
    CHECK(text::decode_before(s, 6).code == 0x2026);
    CHECK(text::decode_before(s, 10).code == 0x1F600);
    CHECK(text::decode_before(s, 11).code == text::kInvalidByte);
    CHECK(text::decode_before(s, 6, 4).code == text::kInvalidByte);
}

TEST_CASE("white space is exactly the set of the compatibility splitter") {
    int count = 0;
    for (char32_t code = 0; code < 0x110000; ++code) count += text::is_space(code) ? 1 : 0;
    CHECK(count == 29);
    for (const char32_t code : {0x09, 0x0D, 0x1C, 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x200A, 0x2028,
                                0x2029, 0x202F, 0x205F, 0x3000}) {
        CHECK(text::is_space(code));
    }
    CHECK_FALSE(text::is_space(0x200B));
    CHECK_FALSE(text::is_space(0xFEFF));
    CHECK_FALSE(text::is_space(0x1B));
    CHECK(text::trim("\xC2\xA0 a b\xE3\x80\x80\n") == "a b");
    CHECK(text::trim(" \t ").empty());
}

TEST_CASE("replace_invalid_utf8 puts one U+FFFD for each ill-formed part") {
    CHECK(text::replace_invalid_utf8("caf\xC3\xA9").text == "caf\xC3\xA9");
    CHECK_FALSE(text::replace_invalid_utf8("caf\xC3\xA9").changed);
    const auto fixed = text::replace_invalid_utf8("a\xE2\x80z\xFF\xFF\xC3");
    CHECK(fixed.changed);
    CHECK(fixed.text == "a\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    // The example of Unicode 15, table 3-8: 61 F1 80 80 E1 80 C2 62 80 63 80 BF 64.
    CHECK(text::replace_invalid_utf8("a\xF1\x80\x80\xE1\x80\xC2"
                                     "b\x80"
                                     "c\x80\xBF"
                                     "d")
              .text ==
          "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
          "b\xEF\xBF\xBD"
          "c\xEF\xBF\xBD\xEF\xBF\xBD"
          "d");
}

TEST_CASE("letters know their case in Latin, Greek, Cyrillic and Armenian") {
    using enum text::LetterCase;
    struct Pair {
        char32_t upper;
        char32_t lower;
    };
    for (const Pair pair : {Pair{U'A', U'a'},
                            {0xC9, 0xE9},
                            {0x0100, 0x0101},
                            {0x0139, 0x013A},
                            {0x0178, 0xFF},
                            {0x017D, 0x017E},
                            {0x0391, 0x03B1},
                            {0x0386, 0x03AC},
                            {0x0416, 0x0436},
                            {0x0401, 0x0451},
                            {0x0490, 0x0491},
                            {0x0531, 0x0561},
                            {0x1E9E, 0xDF},
                            {0x1EA0, 0x1EA1},
                            {0xFF21, 0xFF41}}) {
        CHECK(text::letter_case(pair.upper) == kUpper);
        CHECK(text::letter_case(pair.lower) == kLower);
        CHECK(text::to_lower(pair.upper) == pair.lower);
        CHECK(text::to_lower(pair.lower) == pair.lower);
    }
    for (const char32_t code : {U'天', U'ا', U'あ'}) CHECK(text::letter_case(code) == kCaseless);
    for (const char32_t code :
         {U'1', U'.', U'\u00D7', U'\u2014', U'。', U'\U0001F600', U'\u2028'}) {
        CHECK(text::letter_case(code) == kNone);
    }
}

TEST_CASE("comparison folds case and white space, and keeps other bytes") {
    CHECK(text::normalise_for_comparison("  A\xC3\x89\n\t b ") == "a\xC3\xA9 b");
    CHECK(text::normalise_for_comparison("x\xFF") == "x\xFF");
    CHECK(text::normalise_for_comparison(" \n").empty());
}
