#include "model/positions.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

namespace lip::model {
namespace {

using at::Tensor;

Tensor stretched(const Tensor& table, std::int64_t length, Stretch how) {
    tensor::NamedTensors all = {{"positional_embedding", table}};
    fit_text_positions(all, length, how);
    return all[0].second;
}

TEST_CASE("Long-CLIP's table for 248 tokens") {
    const Tensor old = at::randn({77, 6}, at::TensorOptions(at::kDouble));
    const Tensor made = stretched(old, 248, Stretch::kKeepFirst20);
    REQUIRE(made.size(0) == 248);
    CHECK(made.slice(0, 0, 20).equal(old.slice(0, 0, 20)));
    for (std::int64_t i = 0; i < 56; ++i)
        for (std::int64_t j = 0; j < 4; ++j) {
            const Tensor wanted = (old[20 + i] * (4 - j) + old[21 + i] * j) / 4;
            CHECK(at::allclose(made[20 + 4 * i + j], wanted, 1e-12, 1e-12));
        }
    for (std::int64_t j = 0; j < 4; ++j)
        CHECK(at::allclose(made[244 + j], old[76] + (old[76] - old[75]) * j / 4, 1e-12, 1e-12));
}

TEST_CASE("any length keeps the first 20, fewer keep the first") {
    const Tensor old = at::randn({77, 3});
    for (const std::int64_t length : {78, 100, 512}) {
        const Tensor made = stretched(old, length, Stretch::kKeepFirst20);
        CHECK(made.size(0) == length);
        CHECK(made.slice(0, 0, 20).equal(old.slice(0, 0, 20)));
        CHECK(made.isfinite().all().item<bool>());
    }
    CHECK(stretched(old, 40, Stretch::kKeepFirst20).equal(old.slice(0, 0, 40)));
    CHECK(stretched(old, 77, Stretch::kInterpolate).equal(old));
    // Tables that are shorter than what is kept.
    CHECK(stretched(at::randn({8, 3}), 30, Stretch::kKeepFirst20).size(0) == 30);
    CHECK(stretched(at::randn({1, 3}), 4, Stretch::kKeepFirst20).size(0) == 4);
}

TEST_CASE("interpolation is that of torch's linear resize between centres") {
    const Tensor line = at::arange(4, at::kDouble).view({4, 1});
    const Tensor wanted = at::tensor({0.0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.0}).view({8, 1});
    CHECK(at::allclose(stretched(line, 8, Stretch::kInterpolate), wanted.to(at::kDouble)));
}

TEST_CASE("image positions follow the grid, the class token's stays") {
    VisionConfig vision;
    vision.image_size = 64;
    vision.patch_size = 16;
    const Tensor old = at::cat({at::full({1, 2}, 9.0), at::ones({4, 2})});
    tensor::NamedTensors all = {{"visual.positional_embedding", old}};
    fit_image_positions(all, vision);
    REQUIRE(all[0].second.size(0) == 17);
    CHECK(all[0].second[0].equal(old[0]));
    CHECK(at::allclose(all[0].second.slice(0, 1), at::ones({16, 2})));
}

}  // namespace
}  // namespace lip::model
