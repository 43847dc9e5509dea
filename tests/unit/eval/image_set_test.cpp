#include "eval/image_set.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lip::eval {

TEST_CASE("the number in an image's name") {
    CHECK(image_number("val2014/COCO_val2014_000000391895.jpg") == 391895);
    CHECK(image_number("000000000139.jpg") == 139);
    CHECK(image_number("flickr/1000092795.jpg") == 1000092795);
    CHECK(image_number("coco-42") == 42);
    CHECK(image_number("a.7") == 7);
    CHECK(image_number("v1.5/000") == 0);
    CHECK(image_number("12/photo") == 12);  // the folder's, for want of another
    CHECK(!image_number("photo.jp2"));
    CHECK(!image_number(""));
    CHECK(!image_number("1234567890123456789"));
}

TEST_CASE(
    "the hash of a set of images: neither order nor names matter, and it is that of xxh128sum") {
    const std::vector<std::string> plain = {"2", "10", "139"};
    const auto hash = image_set_hash(plain);
    REQUIRE(hash);
    // printf '2\n10\n139\n' | xxh128sum
    CHECK(*hash == "d2b29b7c44d7ac3e908ac5f78083ac2b");
    const std::vector<std::string> other = {"000000000139.jpg", "a/0002.jpg", "b/10.png"};
    CHECK(image_set_hash(other) == hash);
    CHECK(image_set_hash(std::vector<std::string>{"2", "10", "140"}) != hash);
    CHECK(!image_set_hash(std::vector<std::string>{"2", "10", "a/2"}));
    CHECK(!image_set_hash(std::vector<std::string>{"2", "cat"}));
    CHECK(!image_set_hash({}));
}

TEST_CASE("COCO's two sets of 5,000 images by their captions") {
    CHECK(image_set_by_counts(5000, 25010) == "coco-karpathy-test");
    CHECK(image_set_by_counts(5000, 25014) == "coco-val2017");
    CHECK(image_set_by_counts(5000, 25000).empty());
    CHECK(image_set_by_counts(1000, 5010).empty());
}

}  // namespace lip::eval
