#include "record/keyed_rng.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace lip::record {
namespace {

struct Vector {
    std::uint64_t seed, epoch;
    Stream stream;
    const char* key;
    std::array<std::uint64_t, 4> numbers;
};

// Computed by an independent implementation in another language.
constexpr Vector kVectors[] = {
    {0,
     0,
     Stream::kSubCaptions,
     "",
     {0x7619de6ddd1fd955, 0xbea6f47fd01351a9, 0x760aab6e98dd2742, 0x93b52220661bb360}},
    {7,
     3,
     Stream::kSubCaptions,
     "00000/000012.jpg",
     {0x6cddaedc0cfbf79f, 0xbe5c4cacc788b580, 0x5652cfe164030c69, 0x9201ac830b188fe8}},
    {7,
     3,
     Stream::kAugmentation,
     "00000/000012.jpg",
     {0xbae179b6363cf538, 0x2bb0f5c583ce2b9d, 0xc065e4ea1fb82bb6, 0xfc3c61bb926ebde9}},
};

TEST_CASE("keyed_rng: numbers of the reference") {
    for (const Vector& vector : kVectors) {
        CAPTURE(vector.key);
        KeyedRng rng(vector.seed, vector.epoch, vector.stream, vector.key);
        for (const std::uint64_t number : vector.numbers) CHECK(rng.next() == number);
    }
}

TEST_CASE("keyed_rng: FNV-1a of its published examples") {
    CHECK(fnv1a64("") == 0xCBF29CE484222325);
    CHECK(fnv1a64("a") == 0xAF63DC4C8601EC8C);
    CHECK(fnv1a64("foobar") == 0x85944171F73967E8);
}

TEST_CASE("keyed_rng: below covers its range evenly") {
    KeyedRng rng(1, 2, Stream::kShuffling, "k");
    std::array<int, 7> counts{};
    for (int i = 0; i < 7000; ++i) ++counts.at(rng.below(7));
    for (const int n : counts) {
        CHECK(n > 850);
        CHECK(n < 1150);
    }
    CHECK(rng.below(1) == 0);
    for (int i = 0; i < 100; ++i) CHECK(rng.below(~0ULL) < ~0ULL);
}

TEST_CASE("keyed_rng: uniform numbers stay within their interval") {
    KeyedRng rng(1, 2, Stream::kInit, "k");
    double sum = 0;
    for (int i = 0; i < 10000; ++i) {
        const double x = rng.uniform(-2, 4);
        REQUIRE(x >= -2);
        REQUIRE(x < 4);
        sum += x;
    }
    CHECK(sum / 10000 == doctest::Approx(1).epsilon(0.06));  // mean 1, standard error 0.017
}

TEST_CASE("keyed_rng: seed, epoch, stream and key all count") {
    const auto first = [](std::uint64_t seed, std::uint64_t epoch, Stream stream,
                          const std::string& key) {
        return KeyedRng(seed, epoch, stream, key).next();
    };
    const std::uint64_t base = first(1, 1, Stream::kSubCaptions, "a");
    CHECK(base == first(1, 1, Stream::kSubCaptions, "a"));
    CHECK(base != first(2, 1, Stream::kSubCaptions, "a"));
    CHECK(base != first(1, 2, Stream::kSubCaptions, "a"));
    CHECK(base != first(1, 1, Stream::kAugmentation, "a"));
    CHECK(base != first(1, 1, Stream::kSubCaptions, "b"));
}

}  // namespace
}  // namespace lip::record
