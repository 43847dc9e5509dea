#include "detect/grounder.h"

#include "cli/error.h"
#include "tests/unit/detect/small_owlv2.h"
#include "tests/unit/eval/tiny_checkpoint.h"

#include <doctest/doctest.h>

#include <cmath>

namespace lip::detect {
namespace {

image::Image noise(int width, int height, std::uint32_t state) {
    image::Image image = image::make_image(width, height);
    for (std::uint8_t& byte : image.rgb) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    return image;
}

void check_equal(const std::vector<Detection>& a, const std::vector<Detection>& b) {
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        CHECK(a[i].phrase == b[i].phrase);
        CHECK(a[i].score == doctest::Approx(b[i].score).epsilon(1e-4));
        for (std::size_t s = 0; s < 4; ++s) CHECK(std::abs(a[i].box[s] - b[i].box[s]) < 1e-4);
    }
}

// Images of different sizes and numbers of phrases give together what they give alone.
void check_batches(const Grounder& grounder) {
    const std::vector<Prepared> images = {grounder.prepare(noise(40, 30, 1)),
                                          grounder.prepare(noise(30, 40, 2)),
                                          grounder.prepare(noise(40, 30, 3))};
    const std::vector<Phrases> phrases = {{"a dog", "sky"}, {}, {"sky", "a cat", "the sea"}};
    const std::vector<Grounding> all = grounder.locate(images, phrases);
    REQUIRE(all.size() == 3);
    CHECK(all[1].boxes.empty());
    for (std::size_t i = 0; i < 3; ++i) {
        const auto alone = grounder.locate({&images[i], 1}, {&phrases[i], 1});
        check_equal(all[i].boxes, alone[0].boxes);
        check_equal(all[i].best, alone[0].best);
        REQUIRE(all[i].best.size() == phrases[i].size());
        for (std::size_t p = 0; p < phrases[i].size(); ++p) CHECK(all[i].best[p].phrase == p);
    }
}

GrounderSettings settings(const std::filesystem::path& model) {
    return {.embedder = {.model = model.string(),
                         .device = {tensor::DeviceChoice::Type::kCpu, {}},
                         .precision = tensor::Precision::kFp32}};
}

TEST_CASE("OWLv2 has a box for each token, and the best one for each phrase") {
    const shard::TempFolder folder;
    const auto grounder = make_grounder(settings(write_owlv2(folder / "owl")));
    check_batches(*grounder);
    const Prepared image = grounder->prepare(noise(40, 30, 1));
    const Phrases phrases = {"a dog", "sky"};
    const Grounding found = grounder->locate({&image, 1}, {&phrases, 1})[0];
    CHECK(found.boxes.size() == 16);
    double best = 0;
    for (const Detection& one : found.boxes) best = std::max(best, one.score);
    CHECK(std::max(found.best[0].score, found.best[1].score) == best);
    for (const Detection& one : found.boxes) CHECK((one.score > 0 && one.score < 1));
}

TEST_CASE("OWLv2's boxes are of the image, not of its square") {
    const shard::TempFolder folder;
    const auto grounder = make_grounder(settings(write_owlv2(folder / "owl")));
    // The same pixels in the square: what a black strip below the image adds is no part of it.
    image::Image wide = noise(40, 20, 1);
    image::Image square = image::make_image(40, 40);
    std::copy(wide.rgb.begin(), wide.rgb.end(), square.rgb.begin());
    const Phrases phrases = {"a dog"};
    const Prepared a = grounder->prepare(wide), b = grounder->prepare(square);
    const Grounding of_wide = grounder->locate({&a, 1}, {&phrases, 1})[0];
    const Grounding of_square = grounder->locate({&b, 1}, {&phrases, 1})[0];
    for (std::size_t i = 0; i < of_wide.boxes.size(); ++i) {
        CHECK(of_wide.boxes[i].box[0] == doctest::Approx(of_square.boxes[i].box[0]));
        CHECK(of_wide.boxes[i].box[3] == doctest::Approx(2 * of_square.boxes[i].box[3]));
    }
}

TEST_CASE("another side of OWLv2's square") {
    const shard::TempFolder folder;
    GrounderSettings wanted = settings(write_owlv2(folder / "owl"));
    wanted.image_size = 48;
    const auto grounder = make_grounder(wanted);
    const Prepared image = grounder->prepare(noise(40, 30, 1));
    const Phrases phrases = {"a dog"};
    CHECK(grounder->locate({&image, 1}, {&phrases, 1})[0].boxes.size() == 36);
    wanted.image_size = 50;
    CHECK_THROWS_WITH_AS(make_grounder(wanted),
                         doctest::Contains("not a multiple of the patch size"), cli::UsageError);
}

TEST_CASE("patches give a box for each phrase") {
    const shard::TempFolder folder;
    const auto grounder = make_grounder(settings(eval::write_tiny_checkpoint(folder)));
    check_batches(*grounder);
    const Prepared image = grounder->prepare(noise(40, 30, 1));
    CHECK(image.pixels.sizes() == at::IntArrayRef{3, 16, 24});  // short side 16, whole patches
    const Phrases phrases = {"a dog", "sky"};
    const Grounding found = grounder->locate({&image, 1}, {&phrases, 1})[0];
    CHECK(found.boxes.size() == 2);
    for (const Detection& one : found.boxes) CHECK(image::area(one.box) > 0);
}

TEST_CASE("what a model is decides on the way, and what it lacks is said") {
    const shard::TempFolder folder;
    const auto owl = write_owlv2(folder / "owl");
    const std::string clip = eval::write_tiny_checkpoint(folder);
    CHECK(resolve_boxes_by(owl, "auto") == "owlv2");
    CHECK(resolve_boxes_by(clip, "auto") == "patches");
    CHECK_THROWS_WITH_AS(resolve_boxes_by(clip, "owlv2"),
                         doctest::Contains("is not an OWLv2 detector: its method is clip"),
                         cli::DataError);
    CHECK_THROWS_WITH_AS(resolve_boxes_by(clip, "head"), doctest::Contains("has no box head"),
                         cli::DataError);
    CHECK_THROWS_WITH_AS(resolve_boxes_by(owl, "head"),
                         doctest::Contains("does not support --boxes-by=head"), cli::DataError);
    CHECK_THROWS_WITH_AS(resolve_boxes_by(owl, "patches"),
                         doctest::Contains("does not support --boxes-by=patches"), cli::DataError);
}

TEST_CASE("models without features of patches are refused") {
    const shard::TempFolder folder;
    CHECK_THROWS_WITH_AS(
        make_grounder(settings(eval::write_tiny_checkpoint(folder, eval::tiny_llip_config()))),
        doctest::Contains("no patch features"), cli::DataError);
}

}  // namespace
}  // namespace lip::detect
