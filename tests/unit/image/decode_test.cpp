#include "image/decode.h"

#include "image/encode.h"
#include "make_files.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

using namespace std::string_view_literals;

namespace lip::image {
namespace {

const std::string kExif("Exif\0\0", 6);

std::string refusal(std::string_view bytes) {
    const cli::Result<Image> image = decode(bytes);
    return image ? "" : image.reject().message;
}

std::vector<std::pair<int, int>> odd_sizes() {
    return {{1, 1}, {1, 9}, {9, 1}, {3, 400}, {400, 3}, {17, 16}, {64, 33}};
}

}  // namespace

TEST_CASE("sniff tells the kind from the first bytes") {
    CHECK(sniff(encode_jpeg(gradient(3, 2), 90)) == Kind::kJpeg);
    CHECK(sniff(encode_png(gradient(3, 2))) == Kind::kPng);
    CHECK(sniff("") == Kind::kUnknown);
    CHECK(sniff("\xFF\xD8"sv) == Kind::kUnknown);
    CHECK(sniff("GIF89a") == Kind::kUnknown);
}

TEST_CASE("PNG comes back as it was, in odd sizes") {
    for (const auto& [w, h] : odd_sizes()) {
        const Image image = noise(w, h);
        const auto back = decode(encode_png(image));
        REQUIRE(back);
        CHECK(*back == image);
    }
}

TEST_CASE("JPEG comes back nearly as it was, in odd sizes") {
    for (const auto& [w, h] : odd_sizes()) {
        Image image = gradient(w, h);
        // Grey, because colour is stored at half resolution.
        for (std::size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = image.rgb[i - i % 3];
        const auto back = decode(encode_jpeg(image, 98));
        REQUIRE(back);
        CHECK(largest_gap(*back, image) <= 4);
    }
}

TEST_CASE("grey JPEG has three equal channels") {
    const std::vector<std::uint8_t> grey(11 * 5, 77);
    const auto image = decode(make_jpeg(11, 5, {JCS_GRAYSCALE, JCS_GRAYSCALE, 1}, grey));
    REQUIRE(image);
    CHECK(image->rgb == std::vector<std::uint8_t>(3 * grey.size(), 77));
}

TEST_CASE("progressive JPEG is the same picture") {
    const Image image = gradient(40, 30);
    JpegForm form;
    const auto plain = decode(make_jpeg(40, 30, form, image.rgb));
    form.is_progressive = true;
    const auto progressive = decode(make_jpeg(40, 30, form, image.rgb));
    REQUIRE(plain);
    REQUIRE(progressive);
    CHECK(*plain == *progressive);
}

TEST_CASE("CMYK and YCCK are taken as inverted") {
    // Stored 255 means no ink: 200 of 255 cyan left, all black ink absent.
    std::vector<std::uint8_t> inks;
    for (int i = 0; i < 64; ++i) inks.insert(inks.end(), {200, 100, 50, 255});
    for (const J_COLOR_SPACE stored : {JCS_CMYK, JCS_YCCK}) {
        const auto image = decode(make_jpeg(8, 8, {JCS_CMYK, stored, 4}, inks));
        REQUIRE(image);
        CHECK(image->rgb[0] == doctest::Approx(200).epsilon(0.02));
        CHECK(image->rgb[1] == doctest::Approx(100).epsilon(0.02));
        CHECK(image->rgb[2] == doctest::Approx(50).epsilon(0.04));
    }
    std::vector<std::uint8_t> half;  // half of black ink halves every channel
    for (int i = 0; i < 64; ++i) half.insert(half.end(), {200, 100, 50, 129});
    const auto darker = decode(make_jpeg(8, 8, {JCS_CMYK, JCS_CMYK, 4}, half));
    REQUIRE(darker);
    CHECK(darker->rgb[0] == 101);
    CHECK(darker->rgb[1] == 51);
    CHECK(darker->rgb[2] == 25);
}

TEST_CASE("every kind of PNG becomes RGB") {
    using Bytes = std::vector<std::uint8_t>;
    const auto pixels = [](int width, const PngForm& form, const Bytes& row) {
        const auto image = decode(make_png(width, 1, form, row));
        REQUIRE(image);
        return image->rgb;
    };
    CHECK(pixels(2, {PNG_COLOR_TYPE_GRAY, 1}, {0x40}) == Bytes{0, 0, 0, 255, 255, 255});
    CHECK(pixels(2, {PNG_COLOR_TYPE_GRAY, 2}, {0x60}) == Bytes{85, 85, 85, 170, 170, 170});
    CHECK(pixels(2, {PNG_COLOR_TYPE_GRAY, 4}, {0x3F}) == Bytes{51, 51, 51, 255, 255, 255});
    CHECK(pixels(1, {PNG_COLOR_TYPE_GRAY, 8}, {9}) == Bytes{9, 9, 9});
    CHECK(pixels(1, {PNG_COLOR_TYPE_GRAY, 16}, {0x12, 0xFF}) == Bytes{0x12, 0x12, 0x12});
    CHECK(pixels(1, {PNG_COLOR_TYPE_GRAY_ALPHA, 8}, {9, 0}) == Bytes{9, 9, 9});
    CHECK(pixels(1, {PNG_COLOR_TYPE_RGB_ALPHA, 8}, {1, 2, 3, 0}) == Bytes{1, 2, 3});
    CHECK(pixels(1, {PNG_COLOR_TYPE_RGB, 16}, {1, 255, 2, 255, 3, 255}) == Bytes{1, 2, 3});
    const PngForm indexed{PNG_COLOR_TYPE_PALETTE, 4, false, {{1, 2, 3}, {4, 5, 6}}, ""};
    CHECK(pixels(2, indexed, {0x10}) == Bytes{4, 5, 6, 1, 2, 3});
}

TEST_CASE("a PNG chunk that claims gigabytes is not allocated") {
    std::string bytes = encode_png(gradient(3, 2));
    // A text chunk of 2 GiB behind the signature and IHDR.
    bytes.insert(8 + 25, std::string("\x7e\x60\xa5\0tEXt", 8));
    const auto peak_kib = [] {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        return usage.ru_maxrss;
    };
    const auto before = peak_kib();
    CHECK_FALSE(decode(bytes));
    CHECK(peak_kib() - before < 1 << 20);
}

TEST_CASE("interlaced PNG is the same picture") {
    const Image image = noise(23, 19);
    const auto back = decode(make_png(23, 19, {PNG_COLOR_TYPE_RGB, 8, true}, image.rgb));
    REQUIRE(back);
    CHECK(*back == image);
}

TEST_CASE("scaled decoding takes the smallest scale that is large enough") {
    const std::string bytes = encode_jpeg(gradient(400, 300), 90);
    const auto size = [&bytes](int wanted) {
        const auto image = decode(bytes, {false, wanted});
        REQUIRE(image);
        CHECK(image->rgb.size() == 3 * pixel_count(image->width, image->height));
        return std::pair{image->width, image->height};
    };
    CHECK(size(0) == std::pair{400, 300});
    CHECK(size(1) == std::pair{50, 38});
    CHECK(size(38) == std::pair{50, 38});
    CHECK(size(39) == std::pair{100, 75});
    CHECK(size(75) == std::pair{100, 75});
    CHECK(size(150) == std::pair{200, 150});
    CHECK(size(151) == std::pair{400, 300});
    CHECK(size(300) == std::pair{400, 300});
    CHECK(size(5000) == std::pair{400, 300});
}

TEST_CASE("scaled decoding shows the same picture") {
    const auto small = decode(encode_jpeg(gradient(400, 304), 95), {false, 152});
    REQUIRE(small);
    CHECK(largest_gap(*small, gradient(200, 152)) <= 6);
}

TEST_CASE("header tells size and orientation, pixels turn on request only") {
    const Image image = gradient(40, 24);
    JpegForm jpeg;
    jpeg.app1 = kExif + tiff_with_orientation(6, true);
    PngForm png;
    png.exif = tiff_with_orientation(6, false);
    for (const std::string& bytes :
         {make_jpeg(40, 24, jpeg, image.rgb), make_png(40, 24, png, image.rgb)}) {
        const auto header = read_header(bytes);
        REQUIRE(header);
        CHECK(header->width == 40);
        CHECK(header->height == 24);
        CHECK(header->orientation == 6);
        CHECK(header->kind == sniff(bytes));
        CHECK(decode(bytes)->width == 40);
        CHECK(decode(bytes, {true, 0})->width == 24);
    }
}

TEST_CASE("a file that is cut off is refused, wherever the cut is") {
    const Image image = noise(50, 40);
    JpegForm progressive;
    progressive.is_progressive = true;
    const PngForm interlaced{PNG_COLOR_TYPE_RGB, 8, true};
    for (const std::string& bytes :
         {encode_jpeg(image, 90), make_jpeg(50, 40, progressive, image.rgb), encode_png(image),
          make_png(50, 40, interlaced, image.rgb)}) {
        CHECK(refusal(bytes).empty());
        for (std::size_t part = 0; part < 7; ++part) {
            CHECK(!refusal(std::string_view(bytes).substr(0, bytes.size() * part / 7)).empty());
        }
        CHECK(!refusal(std::string_view(bytes).substr(0, bytes.size() - 1)).empty());
        CHECK(!refusal(std::string_view(bytes).substr(0, bytes.size() - 2)).empty());
        CHECK(refusal(bytes + "trailing bytes").empty());
    }
}

TEST_CASE("flipped bits never crash, and pixels stay consistent") {
    record::KeyedRng rng = test_rng("flips");
    const Image image = noise(24, 18);
    JpegForm progressive;
    progressive.is_progressive = true;
    for (const std::string& good :
         {encode_jpeg(image, 80), make_jpeg(24, 18, progressive, image.rgb), encode_png(image)}) {
        for (int round = 0; round < 300; ++round) {
            std::string bytes = good;
            for (std::uint64_t flips = 1 + rng.below(4); flips > 0; --flips) {
                char& byte = bytes[rng.below(bytes.size())];
                byte = static_cast<char>(byte ^ (1 << rng.below(8)));
            }
            const auto back = decode(bytes);
            if (back) {
                CHECK(back->rgb.size() == 3 * pixel_count(back->width, back->height));
            } else {
                CHECK(back.reject().word == "bad-image");
            }
        }
    }
}

TEST_CASE("stray bytes between the markers of a JPEG are overlooked, damage is not") {
    const Image image = noise(24, 18);
    for (const bool is_progressive : {false, true}) {
        JpegForm form;
        form.is_progressive = is_progressive;
        const std::string good = make_jpeg(24, 18, form, image.rgb);
        const auto wanted = decode(good);
        REQUIRE(wanted);
        for (const std::string_view marker : {"\xFF\xDB"sv, "\xFF\xC4"sv, "\xFF\xDA"sv}) {
            for (const std::string_view stray : {"\0\0\0\0"sv, "junk"sv, "\xFF\0"sv}) {
                std::string bytes = good;
                bytes.insert(bytes.find(marker), stray);
                const auto header = read_header(bytes);
                REQUIRE(header);
                CHECK(header->width == 24);
                const auto back = decode(bytes);
                REQUIRE(back);
                CHECK(*back == *wanted);
                CHECK(!refusal(std::string_view(bytes).substr(0, bytes.size() * 3 / 4)).empty());
            }
        }
        // Padding before the end marker, as some cameras write it.
        std::string padded = good;
        padded.insert(padded.size() - 2, 16, '\0');
        REQUIRE(decode(padded));
        CHECK(*decode(padded) == *wanted);
    }
    // A marker in the middle of the pixels: what follows would be invented.
    std::string bytes = make_jpeg(24, 18, {}, image.rgb);
    bytes.replace(bytes.size() - bytes.size() / 4, 2, "\xFF\xD9"sv);
    CHECK(refusal(bytes).find("broken JPEG") == 0);
}

TEST_CASE("a damaged PNG is refused") {
    std::string bytes = encode_png(noise(24, 18));
    char& byte = bytes[bytes.size() / 2];
    byte = static_cast<char>(byte ^ 1);
    CHECK(refusal(bytes).find("broken PNG") != std::string::npos);
}

TEST_CASE("foreign, empty and oversized files are refused with the reason") {
    CHECK(refusal("GIF89a").find("a GIF image") != std::string::npos);
    CHECK(refusal("").find("empty") != std::string::npos);
    CHECK(!read_header("\xFF\xD8\xFF"sv));
    std::string huge = encode_jpeg(gradient(16, 16), 90);
    const std::size_t frame = huge.find("\xFF\xC0"sv);
    REQUIRE(frame != std::string::npos);
    huge.replace(frame + 5, 4, "\xFF\x00\xFF\x00"sv);  // 65280 x 65280
    CHECK(refusal(huge).find("65280") != std::string::npos);
    CHECK(read_header(huge).reject().word == "bad-image");
}

TEST_CASE("masks give the stored values") {
    const Mask mask{3, 2, {0, 1, 2, 255, 7, 0}};
    std::vector<Rgb> palette(256, Rgb{9, 9, 9});
    const auto back = decode_mask(encode_png_indexed(mask, palette));
    REQUIRE(back);
    CHECK(*back == mask);
    // Four values of two bits: not stretched to 0..255.
    const auto grey = decode_mask(make_png(4, 1, {PNG_COLOR_TYPE_GRAY, 2}, {0x1B}));
    REQUIRE(grey);
    CHECK(grey->value == std::vector<std::uint8_t>{0, 1, 2, 3});
    CHECK(decode_mask(encode_png(gradient(2, 2))).reject().word == "bad-mask");
    CHECK(decode_mask(encode_jpeg(gradient(2, 2), 90)).reject().word == "bad-mask");
    CHECK(decode_mask("").reject().word == "bad-mask");
    const std::string whole = encode_png_indexed(mask, palette);
    CHECK(decode_mask(std::string_view(whole).substr(0, whole.size() - 4)).reject().word ==
          "bad-mask");
}

}  // namespace lip::image
