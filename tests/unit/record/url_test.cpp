#include "record/url.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace lip::record {
namespace {

TEST_CASE("url: what is one") {
    for (const char* url :
         {"http://a", "https://a.b/c?d", " HTTPS://A", "s3://bucket/key", "ftp://x"}) {
        CAPTURE(url);
        CHECK(is_url(url));
    }
    for (const char* path : {"", "a", "/a/b.jpg", "://a", "http://", "http:/a", "a b://c",
                             "notaurlatall://x", "a/b://c"}) {
        CAPTURE(path);
        CHECK_FALSE(is_url(path));
    }
}

TEST_CASE("url: what a first column looks like") {
    for (const char* text :
         {"https://a/b", "a.jpg", "x/y/000012.jpeg", "/data/a b/c.png", "./a.webp"}) {
        CAPTURE(text);
        CHECK(looks_like_reference(text));
    }
    for (const char* text : {"", "a", "A dog. It sits.", "a/b.c/d", "ends.", ".jpg",
                             "A dog.It sat down", "a.toolong", "a\n.jpg"}) {
        CAPTURE(text);
        CHECK_FALSE(looks_like_reference(text));
    }
}

TEST_CASE("url: normalisation") {
    const std::pair<const char*, const char*> cases[] = {
        {"HTTP://Example.COM:80/A/b?Q=1#top", "https://example.com/A/b?Q=1"},
        {"https://example.com:443", "https://example.com/"},
        {"https://example.com:8080/", "https://example.com:8080/"},
        {"  https://a/b \n", "https://a/b"},
        {"https://a/%7Eb%2fc%41%zz%", "https://a/~b%2FcA%zz%"},
        {"https://a?q", "https://a?q"},
        {"https://a/%c3%A9", "https://a/%C3%A9"},
        {"https://a/\xC3\xA9 b?q=\xC3\xA9|1", "https://a/%C3%A9%20b?q=%C3%A9%7C1"},
        {"https://a/% 41", "https://a/%%2041"},
        {"s3://Bucket/Key", "s3://bucket/Key"},
        {"././img/A.jpg", "img/A.jpg"},
        {" /img/A.jpg ", "/img/A.jpg"},
        {"img/%41.jpg", "img/%41.jpg"},
        // What is left must be a normal form itself.
        {"https://a/%%34%31%4%31", "https://a/%%341%4%31"},
        {"https://a/%%7E%%2f", "https://a/%~%%2F"},
        {"http://a:80:443/", "https://a/"},
        {"http://a/b #c", "https://a/b"},
        {"http://#c", "https:///"},
        {"./ a.jpg", "a.jpg"},
        {"./HTTP://a", "https://a/"},
    };
    for (const auto& [text, normal] : cases) {
        CAPTURE(text);
        CHECK(normalize_reference(text) == normal);
        CHECK(normalize_reference(normal) == normal);
    }
}

TEST_CASE("url: keys are 32 hexadecimal digits of the normal form") {
    CHECK(reference_key("http://A/b#x") == reference_key("https://a/b"));
    CHECK(reference_key("") ==
          "99aa06d3014798d86001c324468d497f");  // published value of the empty input
    std::set<std::string> keys;
    for (int i = 0; i < 1000; ++i) keys.insert(reference_key(std::to_string(i) + ".jpg"));
    CHECK(keys.size() == 1000);
    for (const std::string& key : keys) {
        CHECK(key.size() == 32);
        CHECK(key.find_first_not_of("0123456789abcdef") == key.npos);
    }
}

}  // namespace
}  // namespace lip::record
