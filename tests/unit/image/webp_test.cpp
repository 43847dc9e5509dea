#include "image/decode.h"
#include "image/decode_region.h"
#include "image/resize.h"
#include "make_webp.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace lip::image {
namespace {

std::string refusal(std::string_view bytes) {
    const cli::Result<Image> image = decode(bytes);
    return image ? "" : image.reject().message;
}

}  // namespace

TEST_CASE("lossless WebP comes back as it was, in odd sizes") {
    for (const auto& [w, h] :
         std::vector<std::pair<int, int>>{{1, 1}, {1, 9}, {9, 1}, {3, 400}, {17, 16}, {64, 33}}) {
        const Image image = noise(w, h);
        const std::string bytes = make_lossless_webp(image);
        CHECK(sniff(bytes) == Kind::kWebp);
        const auto header = read_header(bytes);
        REQUIRE(header);
        CHECK(header->kind == Kind::kWebp);
        CHECK(header->width == w);
        CHECK(header->height == h);
        CHECK(header->orientation == 1);
        const auto back = decode(bytes);
        REQUIRE(back);
        CHECK(*back == image);
    }
}

TEST_CASE("lossy WebP comes back nearly as it was") {
    const Image image = gradient(40, 30);
    const auto back = decode(make_lossy_webp(image, 98));
    REQUIRE(back);
    CHECK(largest_gap(*back, image) <= 12);
}

TEST_CASE("WebP drops alpha, and the stored colour stays") {
    const Image image = noise(12, 8);
    std::vector<std::uint8_t> rgba;
    for (std::size_t i = 0; i < image.rgb.size(); i += 3)
        rgba.insert(rgba.end(), {image.rgb[i], image.rgb[i + 1], image.rgb[i + 2],
                                 static_cast<std::uint8_t>(1 + i % 200)});
    std::uint8_t* out = nullptr;
    const std::size_t size = WebPEncodeLosslessRGBA(rgba.data(), 12, 8, 4 * 12, &out);
    const std::string bytes(reinterpret_cast<char*>(out), size);
    WebPFree(out);
    const auto back = decode(bytes);
    REQUIRE(back);
    CHECK(*back == image);
}

TEST_CASE("orientation of WebP, with JPEG's head before the EXIF data and without") {
    const Image image = gradient(40, 24);
    for (const std::string& head : {std::string(), std::string("Exif\0\0", 6)}) {
        const std::string bytes = make_webp_with_exif(image, head + tiff_with_orientation(6, true));
        const auto header = read_header(bytes);
        REQUIRE(header);
        CHECK(header->orientation == 6);
        CHECK(header->width == 40);
        CHECK(*decode(bytes) == image);
        CHECK(decode(bytes, {true, 0})->width == 24);
    }
    CHECK(read_header(make_webp_with_exif(image, "no TIFF"))->orientation == 1);
}

TEST_CASE("an animation gives its first frame on a black canvas") {
    const Image first = noise(6, 4), second = gradient(10, 8);
    const std::string bytes =
        make_webp_animation(10, 8, webp_frame(first, 2, 4) + webp_frame(second, 0, 0));
    const auto header = read_header(bytes);
    REQUIRE(header);
    CHECK(header->width == 10);
    CHECK(header->height == 8);
    const auto canvas = decode(bytes);
    REQUIRE(canvas);
    CHECK(crop(*canvas, {2, 4, 6, 4}) == first);
    CHECK(crop(*canvas, {0, 0, 10, 4}) == make_image(10, 4));
    CHECK(refusal(make_webp_animation(10, 8, "")).find("broken WebP") == 0);
    CHECK(!refusal(make_webp_animation(6, 4, webp_frame(first, 2, 2))).empty());
}

TEST_CASE("a part of a WebP file is a part of its pixels") {
    const Image image = gradient(40, 30);
    const std::string bytes = make_lossless_webp(image);
    const Box box{7, 5, 20, 16};
    const auto part = decode_region(bytes, {.box = box, .width = 9, .height = 8});
    REQUIRE(part);
    CHECK(*part == resize_crop(image, box, 9, 8, Filter::kBicubic));
}

TEST_CASE("a WebP file that is cut off is refused, wherever the cut is") {
    const Image image = noise(50, 40);
    const std::vector<std::string> files = {
        make_lossless_webp(image), make_lossy_webp(image, 80),
        make_webp_with_exif(image, tiff_with_orientation(6, true)),
        make_webp_animation(50, 40, webp_frame(image, 0, 0))};
    for (const std::string& bytes : files) {
        CHECK(refusal(bytes).empty());
        for (std::size_t length = 0; length < bytes.size(); length += length < 64 ? 1 : 97) {
            CHECK(!refusal(std::string_view(bytes).substr(0, length)).empty());
            CHECK(!read_header(std::string_view(bytes).substr(0, length)));
        }
        CHECK(refusal(std::string_view(bytes).substr(0, bytes.size() - 2)) ==
              "broken WebP data: the file is cut off");
        CHECK(refusal(bytes + "trailing bytes").empty());
    }
}

TEST_CASE("a WebP file whose pixels are cut though its lengths agree is refused") {
    const Image image = noise(50, 40);
    for (const std::string& good : {make_lossless_webp(image), make_lossy_webp(image, 80)}) {
        const std::string pixels = webp_pixels(good);
        const std::string half = pixels.substr(8, (pixels.size() - 8) / 2);
        CHECK(!refusal(webp_riff(webp_chunk(pixels.substr(0, 4), half))).empty());
    }
}

TEST_CASE("WebP: flipped bits never crash, and pixels stay consistent") {
    record::KeyedRng rng = test_rng("webp flips");
    const Image image = noise(24, 18);
    for (const std::string& good : {make_lossless_webp(image), make_lossy_webp(image, 80),
                                    make_webp_with_exif(image, tiff_with_orientation(3, false)),
                                    make_webp_animation(24, 18, webp_frame(image, 0, 0))}) {
        for (int round = 0; round < 300; ++round) {
            std::string bytes = good;
            for (std::uint64_t flips = 1 + rng.below(4); flips > 0; --flips) {
                char& byte = bytes[rng.below(bytes.size())];
                byte = static_cast<char>(byte ^ (1 << rng.below(8)));
            }
            const auto header = read_header(bytes);
            if (header && std::int64_t{header->width} * header->height > 1 << 22) continue;
            const auto back = decode(bytes);
            if (back) {
                CHECK(back->rgb.size() == 3 * pixel_count(back->width, back->height));
            } else {
                CHECK(back.reject().word == "bad-image");
            }
        }
    }
}

TEST_CASE("a WebP canvas of too many pixels is refused before it is made") {
    const std::string bytes = make_webp_animation(30000, 30000, webp_frame(noise(2, 2), 0, 0));
    CHECK(refusal(bytes).find("30000 x 30000") != std::string::npos);
}

}  // namespace lip::image
