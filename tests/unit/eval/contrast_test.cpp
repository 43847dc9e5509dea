#include "eval/contrast.h"

#include "loss/llip.h"
#include "tensor/math.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cmath>

namespace lip::eval {
namespace {

using at::Tensor;

constexpr std::int64_t kHeldOut = 7, kHeldOutWidth = 6;

Tensor held_out_rows(std::int64_t count, std::uint64_t seed) {
    return tensor::unit(at::randn({count, kHeldOutWidth}, at::detail::createCPUGenerator(seed),
                                  at::TensorOptions(at::kFloat)));
}

// Images with 0 to 2 texts each.
Collection held_out() {
    Collection all;
    for (std::int64_t i = 0; i < kHeldOut; ++i)
        for (std::int64_t t = 0; t < (i + 1) % 3; ++t) all.texts.push_back({i, t, -1, {}, {}});
    all.image_rows = held_out_rows(kHeldOut, 1);
    all.text_rows = held_out_rows(std::ssize(all.texts), 2);
    return all;
}

double logit(const Collection& all, std::int64_t image, std::size_t text, const Contrast& c) {
    const auto row = static_cast<std::int64_t>(text);
    return c.scale * all.image_rows[image].dot(all.text_rows[row]).item<double>() + c.bias;
}

double soft_plus(double x) {
    return std::log1p(std::exp(x));
}

}  // namespace

TEST_CASE("the loss of held-out data: slots compete with the same slots of images that have one") {
    const Collection all = held_out();
    const Contrast c{.scale = 7};
    double sum = 0;
    for (std::size_t own = 0; own < all.texts.size(); ++own) {
        double texts = 0, images = 0;
        for (std::size_t other = 0; other < all.texts.size(); ++other) {
            if (all.texts[other].caption == all.texts[own].caption)
                texts += std::exp(logit(all, all.texts[own].image, other, c));
            if (all.texts[other].caption == 0)  // once for each image with a text
                images += std::exp(logit(all, all.texts[other].image, own, c));
        }
        sum += std::log(texts) + std::log(images) - 2 * logit(all, all.texts[own].image, own, c);
    }
    const double expected = sum / 2 / static_cast<double>(all.texts.size());
    CHECK(loss_of(all, c) == doctest::Approx(expected).epsilon(1e-5));
}

TEST_CASE("the loss of held-out data: of sigmoid models every pair counts, however it is scored") {
    Collection all = held_out();
    Contrast c{.scale = 7, .bias = -3, .is_sigmoid = true};
    double sum = 0;
    for (std::int64_t i = 0; i < kHeldOut; ++i) {
        if ((i + 1) % 3 == 0) continue;  // without texts
        for (std::size_t t = 0; t < all.texts.size(); ++t)
            sum += soft_plus((all.texts[t].image == i ? -1 : 1) * logit(all, i, t, c));
    }
    const double expected = sum / static_cast<double>(all.texts.size());
    CHECK(loss_of(all, c) == doctest::Approx(expected).epsilon(1e-5));

    // One token that every text mixes into itself.
    all.queries = held_out_rows(std::ssize(all.texts), 3);
    for (std::int64_t i = 0; i < kHeldOut; i += 4) {
        const Tensor values = all.image_rows.slice(0, i, i + 4).unsqueeze(1);
        all.mixture.push_back({values, values});
    }
    c.pair_scores = [](const model::MixtureFeatures& images, const model::QueryFeatures& texts) {
        return loss::llip_scores({texts.query.to(images.keys.scalar_type()), images.keys,
                                  images.values, at::eye(kHeldOutWidth, images.keys.options()),
                                  texts.target.to(images.keys.scalar_type())},
                                 {.heads = 2, .tau = 1});
    };
    CHECK(loss_of(all, c) == doctest::Approx(expected).epsilon(1e-5));
}

}  // namespace lip::eval
