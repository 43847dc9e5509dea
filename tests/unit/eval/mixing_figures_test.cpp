#include "eval/mixing_figures.h"

#include "tensor/math.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cmath>

namespace lip::eval {
namespace {

using at::Tensor;

Tensor mixing_numbers(at::IntArrayRef sizes, std::uint64_t seed) {
    return at::randn(sizes, at::detail::createCPUGenerator(seed), at::TensorOptions(at::kDouble));
}

model::MixedImages random_mixing(std::int64_t images, std::int64_t texts, std::int64_t tokens) {
    return {mixing_numbers({images, texts, 2, tokens}, 1).softmax(-1),
            tensor::unit(mixing_numbers({images, texts, 6}, 2))};
}

}  // namespace

TEST_CASE("figures of mixing are those of the whole, whatever the parts") {
    const model::MixedImages all = random_mixing(9, 4, 5);
    MixingFigures figures;
    for (const auto& [first, last] : {std::pair{0, 2}, {2, 3}, {3, 9}})
        figures.add({all.weights.slice(0, first, last), all.vectors.slice(0, first, last)});

    const Tensor entropy = -(all.weights * all.weights.log()).sum(-1).mean() / std::log(5.0);
    CHECK(figures.entropy() == doctest::Approx(entropy.item<double>()));

    double sum = 0;
    for (int i = 0; i < 9; ++i)
        for (int j = 0; j < 4; ++j)
            for (int k = 0; k < 4; ++k)
                if (j != k) sum += 1 - all.vectors[i][j].dot(all.vectors[i][k]).item<double>();
    CHECK(figures.distance() == doctest::Approx(sum / (9 * 4 * 3)));

    const Tensor expected = at::linalg_svdvals(all.vectors.flatten(0, 1)) / std::sqrt(36.0);
    const std::vector<double> values = figures.singular_values();
    REQUIRE(values.size() == 6);
    double squares = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        CHECK(values[i] == doctest::Approx(expected[static_cast<std::int64_t>(i)].item<double>()));
        squares += values[i] * values[i];
    }
    CHECK(squares == doctest::Approx(1));
    const Tensor share = expected / expected.sum();
    CHECK(figures.effective_rank() ==
          doctest::Approx(std::exp(-(share * share.log()).sum().item<double>())));
}

TEST_CASE("figures of mixing at their ends") {
    // Uniform weights and one vector for every text and image.
    MixingFigures deaf;
    deaf.add({at::full({3, 2, 2, 4}, 0.25, at::kDouble),
              tensor::unit(at::ones({3, 2, 6}, at::kDouble))});
    CHECK(deaf.entropy() == doctest::Approx(1));
    CHECK(std::abs(deaf.distance()) < 1e-12);
    CHECK(deaf.effective_rank() == doctest::Approx(1).epsilon(1e-5));

    // One token has all the weight; two texts ask for opposite vectors.
    MixingFigures sharp;
    Tensor weights = at::zeros({1, 2, 1, 4}, at::kDouble);
    weights.select(-1, 2).fill_(1);
    const Tensor z = tensor::unit(at::ones({1, 1, 6}, at::kDouble));
    sharp.add({weights, at::cat({z, -z}, 1)});
    CHECK(sharp.entropy() == doctest::Approx(0));
    CHECK(sharp.distance() == doctest::Approx(2));

    MixingFigures undefined;
    undefined.add(random_mixing(3, 1, 1));
    CHECK(std::isnan(undefined.entropy()));
    CHECK(std::isnan(undefined.distance()));
    CHECK(std::isnan(MixingFigures().effective_rank()));
}

}  // namespace lip::eval
