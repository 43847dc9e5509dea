#include "detect/patch_box.h"

#include <doctest/doctest.h>

namespace lip::detect {
namespace {

using Patches = std::vector<std::int64_t>;

TEST_CASE("a box around the joined patches that fit") {
    const std::vector<float> cosines = {0.0F, 0.6F, 0.1F, 0.9F,  //
                                        0.0F, 1.0F, 0.5F, 0.4F,  //
                                        0.2F, 0.3F, 0.1F, 0.0F};
    const PatchBox found = box_of_patches(cosines, 3, 4);
    // 0.5 is half way; the 0.9 touches it at a corner only.
    CHECK(found.patches == Patches{1, 5, 6});
    CHECK(found.box == Box{0.25, 0, 0.75, 2.0 / 3});
}

TEST_CASE("patches do not join around the ends of rows") {
    const std::vector<float> cosines = {0, 0, 1,  //
                                        1, 0, 0};
    CHECK(box_of_patches(cosines, 2, 3).patches == Patches{2});
}

TEST_CASE("a flat image is one box") {
    const std::vector<float> cosines(6, 0.3F);
    const PatchBox found = box_of_patches(cosines, 2, 3);
    CHECK(found.box == Box{0, 0, 1, 1});
    CHECK(found.patches.size() == 6);
}

TEST_CASE("one patch") {
    CHECK(box_of_patches(std::vector<float>{-1}, 1, 1).box == Box{0, 0, 1, 1});
}

}  // namespace
}  // namespace lip::detect
