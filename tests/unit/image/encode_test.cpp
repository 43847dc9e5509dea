#include "image/encode.h"

#include "cli/error.h"
#include "image/decode.h"
#include "image/palette.h"
#include "make_files.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lip::image {

TEST_CASE("the same pixels give the same bytes") {
    CHECK(encode_jpeg(noise(33, 21), 92) == encode_jpeg(noise(33, 21), 92));
    CHECK(encode_png(noise(33, 21)) == encode_png(noise(33, 21)));
    CHECK(encode_jpeg(noise(33, 21), 92) != encode_jpeg(noise(33, 21), 91));
}

TEST_CASE("more quality is nearer and larger") {
    const Image image = noise(64, 64);
    const std::string low = encode_jpeg(image, 30);
    const std::string high = encode_jpeg(image, 95);
    CHECK(low.size() < high.size());
    CHECK(largest_gap(*decode(high), image) < largest_gap(*decode(low), image));
}

TEST_CASE("an orientation is written and read, and changes no pixel") {
    const Image image = noise(20, 12);
    const std::string plain = encode_jpeg(image, 90);
    CHECK(encode_jpeg(image, 90, 1) == plain);
    for (int orientation = 2; orientation <= 8; ++orientation) {
        const std::string bytes = encode_jpeg(image, 90, orientation);
        const auto header = read_header(bytes);
        REQUIRE(header);
        CHECK(header->orientation == orientation);
        CHECK(header->width == 20);
        CHECK(*decode(bytes) == *decode(plain));
        CHECK(bytes.size() == plain.size() + 4 + 32);
    }
}

TEST_CASE("an indexed mask shows its colours") {
    const auto palette = voc_palette();
    const Mask mask{2, 1, {1, 255}};
    const auto shown = decode(encode_png_indexed(mask, palette));
    REQUIRE(shown);
    CHECK(shown->rgb == std::vector<std::uint8_t>{128, 0, 0, 224, 224, 192});
}

TEST_CASE("what cannot be written is refused") {
    CHECK_THROWS_AS(encode_jpeg(Image{}, 90), cli::DataError);
    CHECK_THROWS_AS(encode_jpeg(noise(70000, 1), 90), cli::DataError);
    CHECK_THROWS_AS(encode_jpeg(noise(2, 2), 0), cli::DataError);
    CHECK_THROWS_AS(encode_jpeg(noise(2, 2), 101), cli::DataError);
    CHECK_THROWS_AS(encode_png(Image{}), cli::DataError);
    const std::vector<Rgb> two(2);
    CHECK_THROWS_AS(encode_png_indexed({1, 1, {2}}, two), cli::DataError);
    CHECK_THROWS_AS(encode_png_indexed({1, 1, {0}}, {}), cli::DataError);
    CHECK_THROWS_AS(encode_png_indexed(Mask{}, two), cli::DataError);
}

}  // namespace lip::image
