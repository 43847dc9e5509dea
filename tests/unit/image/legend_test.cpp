#include "image/legend.h"

#include "image/glyphs.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace lip::image {
namespace {

constexpr Rgb kWhite{255, 255, 255}, kBlack{0, 0, 0}, kRed{255, 0, 0}, kBlue{0, 0, 255};

Rgb at(const Image& image, int x, int y) {
    const std::size_t i = pixel_offset(image, x, y);
    return {image.rgb[i], image.rgb[i + 1], image.rgb[i + 2]};
}

std::string picture(char32_t letter) {
    std::string out;
    for (int y = 0; y < kGlyphHeight; ++y)
        for (int x = 0; x < kGlyphWidth; ++x) out += glyph_pixel(letter, x, y) ? '#' : '.';
    return out;
}

}  // namespace

TEST_CASE("every printable letter of ASCII has its own picture, others are a frame") {
    std::set<std::string> pictures;
    for (char32_t letter = U' '; letter <= U'~'; ++letter) pictures.insert(picture(letter));
    CHECK(pictures.size() == 95);
    CHECK(pictures.count(picture(U'\u00e9')) == 0);
    CHECK(picture(U'\u00e9') == picture(U'\n'));
    CHECK(picture(U'L') == "#....#....#....#....#....#....#####");
}

TEST_CASE("letters of UTF-8 count one, broken bytes one each") {
    CHECK(letter_count("") == 0);
    CHECK(letter_count("caf\u00e9") == 4);
    CHECK(letter_count("\xC3") == 1);
    CHECK(letter_count("\xC3\xC3\xA9") == 2);
    CHECK(letter_count("\xF0\x9F\x90\x88!") == 2);
}

TEST_CASE("text is drawn where it is asked for and never outside") {
    Image image = make_image(8, 8);
    draw_text(image, 1, 0, "L", kRed, 1);
    CHECK(at(image, 1, 0) == kRed);
    CHECK(at(image, 2, 0) == kBlack);
    CHECK(at(image, 5, 6) == kRed);
    CHECK(at(image, 6, 6) == kBlack);
    draw_text(image, -3, -3, "##########", kBlue, 3);
    draw_text(image, 2000000000, 5, "a", kBlue, 8);
    CHECK(image.rgb.size() == 3 * 64);
}

TEST_CASE("a legend lies below the image and shows every colour") {
    Image image = make_image(200, 10);
    const std::array<LegendEntry, 2> entries = {{{kRed, "cat"}, {kBlue, "dog"}}};
    const Image out = with_legend(image, entries);
    CHECK(out.width == 200);
    CHECK(out.height == 10 + 17);  // one row
    CHECK(std::equal(image.rgb.begin(), image.rgb.end(), out.rgb.begin()));
    CHECK(at(out, 0, 10) == kWhite);
    CHECK(at(out, 3, 13) == kBlack);  // the edge of the first square
    CHECK(at(out, 5, 15) == kRed);
    const int second = 3 + (7 + 3 + 3 * kGlyphAdvance) + 2 * 3;
    CHECK(at(out, second + 2, 15) == kBlue);
    CHECK(with_legend(image, {}) == image);
}

TEST_CASE("a legend wraps, shortens long names and grows with the image") {
    const LegendEntry one{kRed, "television"};
    const std::array<LegendEntry, 3> three = {one, one, one};
    CHECK(with_legend(make_image(100, 1), three).height == 1 + 6 + 3 * 11);
    CHECK(with_legend(make_image(640, 1), std::array{one}).height == 1 + 2 * 17);
    const Image narrow = with_legend(make_image(1, 1), std::array{one});
    CHECK(narrow.width == 100);
    CHECK(at(narrow, 99, 0) == kWhite);
    // Cut, a long name looks like its beginning with "..": 100 pixels have room for 14 letters.
    const std::string long_name(50, 'x');
    const Image cut = with_legend(make_image(100, 1), std::array{LegendEntry{kRed, long_name}});
    const Image same =
        with_legend(make_image(100, 1), std::array{LegendEntry{kRed, std::string(12, 'x') + ".."}});
    CHECK(cut == same);
}

}  // namespace lip::image
