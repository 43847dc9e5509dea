#include "eval/segmentation.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace lip::eval {
namespace {

using Starts = std::vector<std::int64_t>;

image::Mask mask_of(int width, std::vector<std::uint8_t> values) {
    return {width, static_cast<int>(values.size()) / width, std::move(values)};
}

// An untrained model of 16 x 16 pixels and patches of 4.
model::ModelConfig tiny() {
    model::ModelConfig config;
    config.embed_dim = 8;
    config.vision = {.image_size = 16,
                     .patch_size = 4,
                     .layers = 1,
                     .width = 16,
                     .head_width = 8,
                     .mlp_ratio = 2,
                     .pool_type = "avg",
                     .no_ln_pre = false};
    config.text = {.context_length = 8,
                   .vocab_size = 20,
                   .layers = 1,
                   .width = 8,
                   .heads = 1,
                   .mlp_ratio = 2,
                   .pool_type = "eos",
                   .eos_id = 2,
                   .tokenizer = "sentencepiece"};
    return config;
}

image::Image noise(int width, int height) {
    image::Image image = image::make_image(width, height);
    std::uint32_t state = 7;
    for (std::uint8_t& byte : image.rgb) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    return image;
}

ClassWeights random_classes(std::int64_t n) {
    at::manual_seed(1);
    ClassWeights classes;
    classes.names = at::randn({n, 8});
    classes.names = classes.names / classes.names.norm(2, {1}, /*keepdim=*/true);
    for (std::int64_t i = 0; i < n; ++i) classes.owners.push_back(i);
    classes.classes = n;
    return classes;
}

SegmentSettings small() {
    SegmentSettings settings;
    settings.short_side = 24;
    settings.window = 16;
    settings.stride = 8;
    return settings;
}

image::Mask segment(const ClassWeights& classes, const SegmentSettings& settings,
                    const image::Image& image) {
    const model::LanguageImageModel model(tiny(), 1);
    auto mask = Segmenter(model, at::kFloat, classes, settings)(image);
    REQUIRE(mask);
    return *mask;
}

}  // namespace

TEST_CASE("windows cover a side and stay inside") {
    CHECK(window_starts(336, 224, 112) == Starts{0, 112});
    CHECK(window_starts(337, 224, 112) == Starts{0, 112, 113});
    CHECK(window_starts(448, 224, 112) == Starts{0, 112, 224});
    CHECK(window_starts(500, 224, 112) == Starts{0, 112, 224, 276});
    CHECK(window_starts(224, 224, 112) == Starts{0});
    CHECK(window_starts(225, 224, 112) == Starts{0, 1});
    CHECK(window_starts(100, 224, 112) == Starts{0});
    for (std::int64_t size = 1; size < 80; ++size)
        for (std::int64_t stride = 1; stride <= 16; ++stride) {
            std::int64_t covered = 0;
            for (const std::int64_t start : window_starts(size, 16, stride)) {
                CHECK(start <= covered);
                covered = start + 16;
            }
            CHECK(covered == std::max<std::int64_t>(size, 16));
        }
}

TEST_CASE("sizes that the model sees") {
    SegmentSettings s;
    const auto size = [&](int width, int height) {
        const InputSize in = input_size(width, height, 16, s);
        return std::pair{in.width, in.height};
    };
    CHECK(size(500, 375) == std::pair<std::int64_t, std::int64_t>{448, 336});
    CHECK(size(5000, 500) ==
          std::pair<std::int64_t, std::int64_t>{2048, 208});  // 204.8: one window
    s.window = 0;
    CHECK(size(500, 375) == std::pair<std::int64_t, std::int64_t>{448, 336});
    CHECK(size(400, 300) == std::pair<std::int64_t, std::int64_t>{448, 336});
    s.short_side = 0;
    CHECK(size(400, 300) == std::pair<std::int64_t, std::int64_t>{400, 304});
    CHECK(size(3, 1) == std::pair<std::int64_t, std::int64_t>{16, 16});
}

TEST_CASE("rows of an enlargement are those of the whole") {
    at::manual_seed(2);
    const at::Tensor maps = at::randn({3, 5, 7});
    const at::Tensor whole =
        at::upsample_bilinear2d(maps.unsqueeze(0), {23, 16}, /*align_corners=*/false).squeeze(0);
    for (std::int64_t row = 0; row < 23; row += 4) {
        const std::int64_t end = std::min<std::int64_t>(row + 4, 23);
        const at::Tensor band = resize_rows(maps, 23, 16, row, end);
        CHECK(at::allclose(band, whole.slice(1, row, end), 1e-5, 1e-6));
    }
    CHECK(at::allclose(resize_rows(maps, 5, 7, 0, 5), maps, 1e-6, 1e-6));
    const at::Tensor less = at::upsample_bilinear2d(maps.unsqueeze(0), {2, 3}, false).squeeze(0);
    CHECK(at::allclose(resize_rows(maps, 2, 3, 0, 2), less, 1e-5, 1e-6));
}

TEST_CASE("IoU and accuracies counted by hand") {
    // truth      0 0 1    prediction 0 1 1      class 0: 1 hit, 1 predicted, 2 labelled
    //            1 2 X               1 1 2      class 1: 2 hits, 4 predicted, 2 labelled
    //            X is ignored                   class 2: 0 hits, 0 predicted, 1 labelled
    const auto counts =
        compare_masks(mask_of(3, {0, 1, 1, 1, 1, 2}), mask_of(3, {0, 0, 1, 1, 2, 255}), 4, {});
    REQUIRE(counts);
    CHECK(counts->hits == Starts{1, 2, 0, 0});
    CHECK(counts->predicted == Starts{1, 4, 0, 0});
    CHECK(counts->labelled == Starts{2, 2, 1, 0});
    const SegmentScores scores = segment_scores(*counts);
    CHECK(scores.iou[0] == doctest::Approx(1.0 / 2));
    CHECK(scores.iou[1] == doctest::Approx(2.0 / 4));
    CHECK(scores.iou[2] == 0);
    CHECK(std::isnan(scores.iou[3]));  // occurs nowhere
    CHECK(scores.mean_iou == doctest::Approx(1.0 / 3));
    CHECK(scores.mean_accuracy == doctest::Approx((0.5 + 1 + 0) / 3));
    CHECK(scores.pixel_accuracy == doctest::Approx(3.0 / 5));

    PixelCounts both(4);
    both.add(*counts);
    both.add(*counts);
    CHECK(both.hits == Starts{2, 4, 0, 0});
    CHECK(segment_scores(both).mean_iou == doctest::Approx(1.0 / 3));
    CHECK(std::isnan(segment_scores(PixelCounts(3)).mean_iou));
}

TEST_CASE("rules of the truth") {
    const image::Mask guess = mask_of(2, {0, 1, 1, 0});
    const auto reduced = compare_masks(guess, mask_of(2, {0, 2, 1, 255}), 2,
                                       {.ignore_index = 255, .reduce_zero_label = true});
    REQUIRE(reduced);
    CHECK(reduced->hits == Starts{0, 1});
    CHECK(reduced->labelled == Starts{1, 1});

    const auto refused = compare_masks(guess, mask_of(2, {0, 2, 1, 0}), 2, {});
    REQUIRE(!refused);
    CHECK(refused.reject().word == "bad-mask");
    CHECK(refused.reject().message.find("value 2") != std::string::npos);
    CHECK(!compare_masks(guess, mask_of(2, {0, 1, 1, 255}), 2, {.ignore_index = -1}));
    CHECK(!compare_masks(guess, mask_of(4, {0, 1, 1, 0}), 2, {}));
}

TEST_CASE("masks have the image's size, whatever the windows") {
    for (const std::int64_t window : {0, 8, 16}) {
        SegmentSettings settings = small();
        settings.window = window;
        const image::Mask mask = segment(random_classes(5), settings, noise(41, 23));
        CHECK(mask.width == 41);
        CHECK(mask.height == 23);
        for (const std::uint8_t value : mask.value) CHECK(value < 5);
    }
}

TEST_CASE("two windows that overlap, by hand") {
    const at::NoGradGuard no_grad;
    const model::LanguageImageModel model(tiny(), 1);
    const ClassWeights classes = random_classes(5);
    const image::Image image = noise(24, 16);
    SegmentSettings settings = small();
    settings.short_side = 16;
    const auto cosines = [&](std::int64_t left) {
        at::Tensor pixels = at::empty({1, 3, 16, 16}, at::TensorOptions(at::kByte));
        for (int c = 0; c < 3; ++c)
            for (int y = 0; y < 16; ++y)
                for (int x = 0; x < 16; ++x)
                    pixels[0][c][y][x] =
                        image.rgb[image::pixel_offset(image, x + static_cast<int>(left), y) +
                                  static_cast<std::size_t>(c)];
        const at::Tensor maps = model.embed_patches(pixels, model::DenseAttention::kPlain)
                                    .matmul(classes.names.t())
                                    .permute({0, 2, 1})
                                    .reshape({1, 5, 4, 4});
        return at::upsample_bilinear2d(maps, {16, 16}, /*align_corners=*/false).squeeze(0);
    };
    const at::Tensor left = cosines(0), right = cosines(8);
    const at::Tensor whole =
        at::cat({left.slice(2, 0, 8), (left.slice(2, 8, 16) + right.slice(2, 0, 8)) / 2,
                 right.slice(2, 8, 16)},
                2);
    settings.scale = 4;
    settings.background = 0;
    const at::Tensor p = at::softmax(whole * settings.scale, 0);
    const at::Tensor highest = p.amax(0);
    settings.prob_threshold = highest.median().item<double>() + 1e-5;
    const at::Tensor best = p.argmax(0).masked_fill(highest < settings.prob_threshold, 0);
    const image::Mask mask = segment(classes, settings, image);
    int different = 0;
    for (int y = 0; y < 16; ++y)
        for (int x = 0; x < 24; ++x)
            different +=
                mask.value[static_cast<std::size_t>(y * 24 + x)] != best[y][x].item<std::int64_t>();
    CHECK(different == 0);
}

TEST_CASE("batches of windows and the three attentions") {
    const image::Image image = noise(60, 30);
    for (const auto attention : {model::DenseAttention::kPlain, model::DenseAttention::kCsa,
                                 model::DenseAttention::kValue}) {
        SegmentSettings settings = small();
        settings.attention = attention;
        const image::Mask all = segment(random_classes(5), settings, image);
        settings.batch_size = 1;
        const image::Mask single = segment(random_classes(5), settings, image);
        int different = 0;
        for (std::size_t i = 0; i < all.value.size(); ++i)
            different += all.value[i] != single.value[i];
        CHECK(different < 10);  // rounding where two classes meet
    }
}

TEST_CASE("a second name of a class changes nothing but who wins") {
    const image::Image image = noise(40, 40);
    const ClassWeights five = random_classes(5);
    const image::Mask plain = segment(five, small(), image);
    ClassWeights merged = five;  // names 3 and 4 are synonyms
    merged.owners = {0, 1, 2, 3, 3};
    merged.classes = 4;
    image::Mask expected = plain;
    for (std::uint8_t& value : expected.value) value = std::min<std::uint8_t>(value, 3);
    CHECK(segment(merged, small(), image) == expected);

    merged.names = merged.names.clone();  // the same name twice is one name
    merged.names[4].copy_(merged.names[3]);
    ClassWeights four = random_classes(5);
    four.names = four.names.slice(0, 0, 4);
    four.owners.pop_back();
    four.classes = 4;
    SegmentSettings mean = small();
    mean.synonyms = Synonyms::kMean;
    CHECK(segment(merged, mean, image) == segment(four, small(), image));
}

TEST_CASE("thresholds turn pixels into background") {
    const image::Image image = noise(40, 40);
    const ClassWeights classes = random_classes(5);
    const auto count = [](const image::Mask& mask, int value) {
        return std::count(mask.value.begin(), mask.value.end(), value);
    };
    SegmentSettings settings = small();
    settings.background = 1;
    const image::Mask plain = segment(classes, settings, image);
    REQUIRE(count(plain, 1) < 1600);
    settings.prob_threshold = 1;
    settings.scale = 1;
    CHECK(count(segment(classes, settings, image), 1) == 1600);

    settings.prob_threshold = 0;
    settings.scale = 40;
    std::int64_t foreground = 1600 - count(plain, 1), smallest = 1600;
    for (const int c : {0, 2, 3, 4})
        if (count(plain, c) > 0) smallest = std::min<std::int64_t>(smallest, count(plain, c));
    settings.area_threshold =
        (static_cast<double>(smallest) + 0.5) / static_cast<double>(foreground);
    const image::Mask without = segment(classes, settings, image);
    for (const int c : {0, 2, 3, 4})
        if (count(plain, c) == smallest) CHECK(count(without, c) == 0);
    settings.area_threshold = 1;
    CHECK(count(segment(classes, settings, image), 1) == 1600);
}

TEST_CASE("settings that do not fit are refused") {
    const model::LanguageImageModel model(tiny(), 1);
    const auto make = [&](const SegmentSettings& settings) {
        Segmenter(model, at::kFloat, random_classes(3), settings);
    };
    SegmentSettings settings = small();
    settings.window = 18;
    CHECK_THROWS_AS(make(settings), cli::UsageError);
    settings = small();
    settings.stride = 17;
    CHECK_THROWS_AS(make(settings), cli::UsageError);
    settings = small();
    settings.prob_threshold = 0.1;
    CHECK_THROWS_AS(make(settings), cli::UsageError);
    CHECK_THROWS_AS(Segmenter(model, at::kFloat, random_classes(257), small()), cli::DataError);

    settings = small();
    settings.short_side = 0;
    settings.window = 0;
    const auto too_large =
        Segmenter(model, at::kFloat, random_classes(256), settings)(image::make_image(4096, 4096));
    REQUIRE(!too_large);
    CHECK(too_large.reject().word == "bad-image");
}

}  // namespace lip::eval
