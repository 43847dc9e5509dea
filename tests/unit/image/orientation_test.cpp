#include "image/orientation.h"

#include "make_files.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lip::image {
namespace {

// Pixels named by their red value: 1 2 3 over 4 5 6.
Image six() {
    Image image = make_image(3, 2);
    for (std::size_t i = 0; i < 6; ++i) image.rgb[3 * i] = static_cast<std::uint8_t>(i + 1);
    return image;
}

std::string reds(const Image& image) {
    std::string text;
    for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
        if (i > 0 && i / 3 % static_cast<std::size_t>(image.width) == 0) text += '/';
        text += static_cast<char>('0' + image.rgb[i]);
    }
    return text;
}

}  // namespace

TEST_CASE("all orientations") {
    const std::vector<std::string> turned = {"123/456",  "321/654",  "654/321",  "456/123",
                                             "14/25/36", "41/52/63", "63/52/41", "36/25/14"};
    for (int o = 1; o <= 8; ++o) {
        CHECK(reds(apply_orientation(six(), o)) == turned[static_cast<std::size_t>(o - 1)]);
    }
}

TEST_CASE("the tag is read in both byte orders") {
    for (int o = 1; o <= 8; ++o) {
        CHECK(exif_orientation(tiff_with_orientation(o, true)) == o);
        CHECK(exif_orientation(tiff_with_orientation(o, false)) == o);
    }
    CHECK(exif_orientation(tiff_with_orientation(9, true)) == 1);
    CHECK(exif_orientation(tiff_with_orientation(0, false)) == 1);
}

TEST_CASE("broken EXIF data mean no orientation") {
    const std::string tiff = tiff_with_orientation(6, true);
    for (std::size_t cut = 0; cut < 20; ++cut) CHECK(exif_orientation(tiff.substr(0, cut)) == 1);
    record::KeyedRng rng = test_rng("tiff");
    for (int round = 0; round < 500; ++round) {
        std::string bytes = tiff;
        bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
        const int o = exif_orientation(bytes);
        CHECK((o >= 1 && o <= 8));
    }
}

}  // namespace lip::image
