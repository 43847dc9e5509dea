// From files to planes: what the settings change, and that nothing else does.
#include "train/pixels.h"

#include "image/decode.h"
#include "image/encode.h"
#include "image/geometry.h"
#include "image/normalize.h"
#include "record/keyed_rng.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

using namespace lip;

namespace {

std::string picture() {
    image::Image image = image::make_image(90, 70);
    for (std::size_t i = 0; i < image.rgb.size(); ++i)
        image.rgb[i] = static_cast<std::uint8_t>(i / 7 + (i % 3) * 60 + i / 270);
    return image::encode_jpeg(image, 90);
}

std::vector<std::uint8_t> planes_of(const std::string& file, const train::PixelSettings& settings,
                                    std::uint64_t epoch = 0, std::uint64_t seed = 0) {
    std::vector<std::uint8_t> planes;
    REQUIRE_FALSE(train::read_pixels(file, settings, seed, epoch, "key", planes));
    return planes;
}

int largest_gap(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
    REQUIRE(a.size() == b.size());
    int gap = 0;
    for (std::size_t i = 0; i < a.size(); ++i) gap = std::max(gap, std::abs(int{a[i]} - int{b[i]}));
    return gap;
}

}  // namespace

TEST_CASE("exact crops are those of a full decode, others nearly so") {
    const std::string file = picture();
    train::PixelSettings settings{.image_size = 64, .exact_decode = true};
    record::KeyedRng rng(5, 3, record::Stream::kAugmentation, "key");
    const image::Box box = image::random_resized_crop(90, 70, {}, rng);
    const image::Image square =
        image::resize_crop(*image::decode(file), box, 64, 64, image::Filter::kBicubic);
    std::vector<std::uint8_t> want(square.rgb.size());
    image::to_planar_bytes(square, want.data());
    CHECK(planes_of(file, settings, 3, 5) == want);
    settings.exact_decode = false;
    CHECK(largest_gap(planes_of(file, settings, 3, 5), want) <= 2);
}

TEST_CASE("without augmentation the square is that of the evaluation, in every epoch") {
    const std::string file = picture();
    const train::PixelSettings settings{.image_size = 16, .augment = train::Augment::kNone};
    const image::Image square = image::preprocess(*image::decode(file), {.size = 16});
    std::vector<std::uint8_t> want(square.rgb.size());
    image::to_planar_bytes(square, want.data());
    CHECK(planes_of(file, settings, 0) == want);
    CHECK(planes_of(file, settings, 7) == want);
}

TEST_CASE("strong augmentation depends on seed, epoch and key") {
    const std::string file = picture();
    const train::PixelSettings strong{
        .image_size = 32, .augment = train::Augment::kStrong, .crop_scale = 0.2};
    train::PixelSettings crop = strong;
    crop.augment = train::Augment::kCrop;
    CHECK(planes_of(file, strong) == planes_of(file, strong));
    int changed = 0;
    for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
        CHECK(planes_of(file, strong, epoch) != planes_of(file, strong, epoch + 1));
        CHECK(planes_of(file, strong, epoch) != planes_of(file, strong, epoch, /*seed=*/1));
        changed += planes_of(file, strong, epoch) != planes_of(file, crop, epoch);
    }
    CHECK(changed >= 15);
}

TEST_CASE("a flip mirrors the crop and leaves the rest as it is") {
    const std::string file = picture();
    const train::PixelSettings plain{.image_size = 16};
    train::PixelSettings flipped = plain;
    flipped.flip = 1;
    const auto a = planes_of(file, plain), b = planes_of(file, flipped);
    for (std::size_t row = 0; row < 3 * 16; ++row)
        for (std::size_t x = 0; x < 16; ++x) CHECK(a[16 * row + x] == b[16 * row + 15 - x]);
}

TEST_CASE("files that cannot be used") {
    std::vector<std::uint8_t> planes;
    for (const auto augment :
         {train::Augment::kNone, train::Augment::kCrop, train::Augment::kStrong}) {
        const train::PixelSettings settings{.image_size = 16, .augment = augment};
        const auto reject =
            train::read_pixels(picture().substr(0, 700), settings, 0, 0, "key", planes);
        REQUIRE(reject);
        CHECK(reject->word == "bad-image");
    }
}
