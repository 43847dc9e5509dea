// Grouping of patches against reference numbers and the identities that hold for it.
#include "loss/grouping.h"
#include "tests/support/golden.h"
#include "tests/support/gradients.h"
#include "tests/support/stand_in_device.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

using namespace lip;
using at::Tensor;
using loss::Grouping;
using test::difference;
using test::gradient_error;
using test::leaf;
using test::random_unit;

namespace {

Grouping with_sigma(double sigma) {
    Grouping options;
    options.sigma = sigma;
    return options;
}

// Two texts and four patches with the cosines 0.1 0.2 0.3 0.4 and 0.5 0.1 0.1 0.3 (one image).
struct KnownCosines {
    Tensor t, u, c;
};

KnownCosines known_cosines() {
    const Tensor c = at::tensor({0.1, 0.2, 0.3, 0.4, 0.5, 0.1, 0.1, 0.3}, at::kDouble).view({2, 4});
    const Tensor t = at::eye(7, at::kDouble).slice(0, 0, 2);
    Tensor u = at::zeros({4, 7}, at::kDouble);
    u.slice(1, 0, 2).copy_(c.t());
    for (std::int64_t p = 0; p < 4; ++p) u[p][2 + p] = (1 - c.select(1, p).square().sum()).sqrt();
    return {t.unsqueeze(0), u.unsqueeze(0), c};
}

}  // namespace

TEST_CASE("grouping equals the reference") {
    const auto golden = test::read_golden("dreamlip.json");
    int cases = 0;
    for (const auto& c : golden["cases"]) {
        if (!c.contains("grouping")) continue;
        for (const auto& expected : c["grouping"])
            for (const auto type : {at::kDouble, at::kFloat}) {
                CAPTURE(c["name"].get<std::string>());
                const auto sigma = expected["sigma"].get<std::string>();
                CAPTURE(sigma);
                const Grouping options =
                    sigma == "auto" ? Grouping() : with_sigma(std::stod(sigma));
                const auto input = [&](const char* key) {
                    return tensor::unit(test::to_tensor(c["inputs"][key])).to(type);
                };
                const auto groups = loss::group_patches(input("text"), input("patch"), options);
                const double tolerance = type == at::kDouble ? 1e-9 : 2e-5;
                CHECK(difference(groups.weights, test::to_tensor(expected["weights"])) < tolerance);
                CHECK(difference(groups.features, test::to_tensor(expected["features"])) <
                      tolerance);
                CHECK(groups.kept.sum().item<std::int64_t>() ==
                      expected["kept"].get<std::int64_t>());
                ++cases;
            }
    }
    CHECK(cases == 5 * 4 * 2);
}

TEST_CASE("sigma chooses the patches: 1 the best only, 0 and less all but the least, over 1 none") {
    const auto [t, u, c] = known_cosines();
    const auto weights = [&t = t, &u = u](const Grouping& options) {
        return loss::group_patches(t, u, options).weights.flatten();
    };
    const auto are = [](const Tensor& x, std::vector<double> values) {
        return difference(x, at::tensor(values, at::kDouble)) < 1e-12;
    };
    CHECK(are(weights({}), {0, 1 / 6., 2 / 6., 3 / 6., 2 / 3., 0, 0, 1 / 3.}));
    CHECK(are(weights(with_sigma(1)), {0, 0, 0, 1, 1, 0, 0, 0}));
    CHECK(are(weights(with_sigma(0.6)), {0, 0, 0.4, 0.6, 1, 0, 0, 0}));
    CHECK(are(weights(with_sigma(0)), {0, 1 / 6., 2 / 6., 3 / 6., 2 / 3., 0, 0, 1 / 3.}));
    CHECK(are(weights(with_sigma(-1)), {0, 1 / 6., 2 / 6., 3 / 6., 2 / 3., 0, 0, 1 / 3.}));
    CHECK(are(weights(with_sigma(1.01)), std::vector<double>(8, 0.25)));
    Grouping softmax;
    softmax.softmax = true;
    const Tensor p = c.softmax(1), above = at::where(p >= 0.25, p, 0.0);
    CHECK(difference(weights(softmax), (above / above.sum(1, true)).flatten()) < 1e-12);
}

TEST_CASE("weights do not change when cosines are stretched and moved") {
    const auto [t, u, c] = known_cosines();
    // A text twice as long, and a direction that all patches share: c -> 2c + 0.3.
    const Tensor more = at::cat({u, at::ones({1, 4, 1}, at::kDouble)}, 2),
                 text = at::cat({2 * t, at::full({1, 2, 1}, 0.3, at::kDouble)}, 2);
    CHECK(difference(loss::group_patches(text, more).weights, loss::group_patches(t, u).weights) <
          1e-12);
}

TEST_CASE("constant patches give their mean and finite gradients") {
    for (const auto type : {at::kDouble, at::kFloat})
        for (const bool softmax : {false, true})
            for (const double by : {0.0, 1e-8}) {
                Grouping options;
                options.softmax = softmax;
                const Tensor t = leaf(random_unit({2, 3, 4}, 1).to(type));
                const Tensor patch = random_unit({2, 1, 4}, 2).to(type);
                const Tensor u = leaf(patch + by * random_unit({2, 5, 4}, 3).to(type));
                const auto groups = loss::group_patches(t, u, options);
                (groups.features * random_unit({2, 3, 4}, 4).to(type)).sum().backward();
                CHECK(difference(groups.features,
                                 tensor::unit(u.detach().mean(1, true)).expand({2, 3, 4})) < 1e-6);
                CHECK(groups.kept.eq(5).all().item<bool>());
                CHECK(u.grad().isfinite().all().item<bool>());
                CHECK(u.grad().abs().max().item<double>() > 0);
                CHECK((!t.grad().defined() || t.grad().abs().max().item<double>() == 0));
            }
    const Tensor nothing = leaf(at::zeros({1, 3, 4}, at::kFloat));  // not even a direction
    const auto groups = loss::group_patches(nothing, nothing);
    groups.features.sum().backward();
    CHECK(groups.features.abs().max().item<double>() == 0);
    CHECK(nothing.grad().isfinite().all().item<bool>());
}

TEST_CASE("grouping's gradients agree with central differences") {
    const Tensor t = random_unit({2, 3, 4}, 5), u = random_unit({2, 5, 4}, 6),
                 to = random_unit({2, 3, 4}, 7);
    for (const bool softmax : {false, true}) {
        Grouping options;
        options.softmax = softmax;
        const auto f = [&](const Tensor& texts, const Tensor& patches) {
            return (loss::group_patches(texts, patches, options).features * to).sum();
        };
        CHECK(gradient_error([&](const Tensor& x) { return f(x, u); }, t) < 1e-8);
        CHECK(gradient_error([&](const Tensor& x) { return f(t, x); }, u) < 1e-8);
    }
}

TEST_CASE("with stop_gradient only the patches that are added up have one") {
    Grouping options;
    options.stop_gradient = true;
    const Tensor t = leaf(random_unit({2, 3, 4}, 8)), u = leaf(random_unit({2, 5, 4}, 9)),
                 to = random_unit({2, 3, 4}, 10);
    const auto groups = loss::group_patches(t, u, options);
    (groups.features * to).sum().backward();
    CHECK(!t.grad().defined());
    const Tensor u2 = leaf(u);
    (tensor::unit(groups.weights.detach().matmul(u2)) * to).sum().backward();
    CHECK(difference(u.grad(), u2.grad()) < 1e-12);
}

TEST_CASE("grouping refuses shapes that do not fit and runs on another device") {
    const Tensor t = random_unit({2, 3, 4}, 11), u = random_unit({2, 5, 4}, 12);
    CHECK_THROWS(loss::group_patches(t, u.slice(0, 0, 1)));
    CHECK_THROWS(loss::group_patches(t, u.slice(2, 0, 2)));
    CHECK_THROWS(loss::group_patches(t, u.slice(1, 0, 0)));
    const Tensor t2 = leaf(t.to(at::kFloat).to(test::kStandIn)),
                 u2 = leaf(u.to(at::kFloat).to(test::kStandIn));
    const auto away = loss::group_patches(t2, u2);
    away.features.sum().backward();
    CHECK(difference(away.features, loss::group_patches(t, u).features) < 1e-5);
    CHECK(t2.grad().isfinite().all().item<bool>());
}
