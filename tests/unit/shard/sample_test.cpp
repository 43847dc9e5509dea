#include "shard/sample.h"

#include "shard/key_set.h"

#include <doctest/doctest.h>

#include <string>

namespace lip::shard {
namespace {

TEST_CASE("sample: keys come back from member names") {
    for (const char* key : {"a", "cc3m/000000123", "v1.2/x.y", "50%", "50%2E", "%25", "a.", ".a",
                            "./img/a.jpg", "https:x", "caf\xC3\xA9", "a b\nc"}) {
        CAPTURE(key);
        REQUIRE(key_problem(key).empty());
        for (const char* ext : {"jpg", "seg.png", "json"}) {
            const std::string name = member_name(key, ext);
            const MemberName parts = split_member_name(name);
            CHECK(key_of_stem(parts.stem) == key);
            CHECK(parts.ext == ext);
        }
    }
    CHECK(member_name("v1.2/50%", "jpg") == "v1%2E2/50%25.jpg");
}

TEST_CASE("sample: names of others") {
    CHECK(split_member_name("v1.2/a.b.jpg").stem == "v1.2/a");
    CHECK(split_member_name("v1.2/a.b.jpg").ext == "b.jpg");
    CHECK(split_member_name("./a.jpg").stem == "a");
    CHECK(split_member_name("README").ext.empty());
    for (const char* name : {".DS_Store", "x/._a.jpg", "x/"}) {
        CHECK(split_member_name(name).stem.empty());
    }
    CHECK(key_of_stem("a%20b%2") == "a%20b%2");
}

TEST_CASE("sample: bad keys and extensions") {
    for (const char* key : {"", "/a", "..", "../a", "a/..", "a/../b", "a/", "a//b"}) {
        CAPTURE(key);
        CHECK(!key_problem(key).empty());
    }
    CHECK(!key_problem(std::string_view("a\0b", 3)).empty());
    CHECK(key_problem(std::string(3840, 'k')).empty());
    CHECK(!key_problem(std::string(3841, 'k')).empty());
    CHECK(!key_problem(std::string(3838, 'k') + "..").empty());
    CHECK(!ext_problem("").empty());
    CHECK(!ext_problem("a/b").empty());
    CHECK(ext_problem("seg.png").empty());
}

TEST_CASE("sample: which extensions are images") {
    CHECK(is_image_ext("jpg"));
    CHECK(is_image_ext("JPEG"));
    CHECK(is_image_ext("seg.png"));
    CHECK(!is_image_ext("json"));
    CHECK(!is_image_ext("jpg.txt"));
}

TEST_CASE("key set: new keys once") {
    KeySet keys;
    for (int i = 0; i < 5000; ++i) REQUIRE(keys.insert(std::to_string(i)));
    for (int i = 0; i < 5000; ++i) REQUIRE(!keys.insert(std::to_string(i)));
    CHECK(keys.size() == 5000);
    CHECK(keys.insert(""));
    CHECK(!keys.insert(""));
}

}  // namespace
}  // namespace lip::shard
