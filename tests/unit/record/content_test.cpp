#include "record/content.h"

#include "tests/unit/record/sources.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace lip::record {
namespace {

using namespace std::string_literals;

std::string padded(std::string head, std::size_t size = 512) {
    head.resize(std::max(head.size(), size), '\0');
    return head;
}

std::string old_tar_header() {
    std::string head = padded("a.txt");
    head.replace(100, 8, "0000644\0"s).replace(124, 12, "00000000000\0"s);
    unsigned sum = 8 * ' ';
    for (const char c : head) sum += static_cast<unsigned char>(c);
    std::string digits;
    for (int shift = 15; shift >= 0; shift -= 3)
        digits += static_cast<char>('0' + (sum >> shift & 7));
    return head.replace(148, 8, digits + "\0 "s);
}

TEST_CASE("content: by the first bytes") {
    CHECK(content_of("").content == Content::kEmpty);
    CHECK(content_of("{\"key\":1}\n").content == Content::kText);
    CHECK(content_of("PAR1\x15\x04").content == Content::kParquet);
    CHECK(content_of("\xFF\xD8\xFF\xE0").content == Content::kPicture);
    CHECK(content_of("RIFF\x10\0\0\0WEBPVP8 "s).content == Content::kPicture);
    CHECK(content_of(padded("a.txt").replace(257, 5, "ustar")).content == Content::kTar);
    CHECK(content_of(old_tar_header()).content == Content::kTar);
    CHECK(content_of(padded("")).content == Content::kTar);
    CHECK(content_of(padded("", 511)).content == Content::kForeign);
    CHECK(content_of("PK\x03\x04").message() == "is a zip archive (unpack it first: unzip FILE)");
    CHECK(content_of(" \n<HTML>").content == Content::kForeign);
}

TEST_CASE("content: text that only looks like something else") {
    for (const char* text : {"BZhang,caption\n", "ORCA whales\n", "LZIP is a format\n", "<br>\n",
                             "FEA1 of 3\n", "abc ftyp\n", "II* star\n", "]\n", "(b/\n", "Rar!\n"})
        CHECK_MESSAGE(content_of(text).content == Content::kText, text);
}

TEST_CASE("content: what is looked at is read again") {
    for (const std::string& text : {""s, "a"s, "a\nb\n"s, std::string(2000, 'x')}) {
        auto input = look_into(memory_bytes(text), "in");
        CHECK(input.name == "in");
        CHECK(read_all(*input.bytes, 7) == text);
    }
}

}  // namespace
}  // namespace lip::record
