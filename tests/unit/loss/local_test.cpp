// DreamLIP's local loss against reference numbers, finite differences and identities.
#include "loss/local.h"
#include "loss/grouping.h"
#include "loss/multi_positive.h"
#include "tests/support/golden.h"
#include "tests/support/gradients.h"
#include "tests/support/stand_in_device.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cmath>

using namespace lip;
using at::Tensor;
using loss::LocalDirection;
using test::difference;
using test::gradient_error;
using test::leaf;
using test::random_unit;
using test::scalar;

namespace {

constexpr LocalDirection kDirections[] = {LocalDirection::kT2g, LocalDirection::kG2t,
                                          LocalDirection::kBoth};

loss::Local one_of(LocalDirection direction) {
    loss::Local options;
    options.direction = direction;
    return options;
}

struct GoldenInputs {
    Tensor v, t, u, valid, log_scale;  // leaves; the vectors are as they are, not of unit length
};

GoldenInputs inputs_of(const nlohmann::json& c, const nlohmann::json& run, at::ScalarType type,
                       bool unit) {
    const auto vectors = [&](const char* key) {
        const Tensor x = test::to_tensor(c["inputs"][key]);
        return leaf((unit ? tensor::unit(x) : x).to(type));
    };
    return {vectors("image"), vectors("text"), vectors("patch"),
            test::to_tensor(c["valid"]).to(at::kBool),
            leaf(scalar(std::log(run["scale"].get<double>())).to(type))};
}

Tensor mean_loss(const Tensor& t, const Tensor& u, const Tensor& valid, const Tensor& log_scale,
                 const loss::Local& options, const loss::Grouping& grouping = {}) {
    const Tensor g = loss::group_patches(t, u, grouping).features;
    return loss::local_sum(g, t, valid, log_scale, options) / valid.sum();
}

}  // namespace

TEST_CASE("local losses and their gradients equal the reference") {
    const auto golden = test::read_golden("dreamlip.json");
    int cases = 0;
    for (const auto& c : golden["cases"]) {
        if (!c.contains("inputs")) continue;
        for (const auto& run : c["runs"])
            for (const auto type : {at::kDouble, at::kFloat}) {
                CAPTURE(c["name"].get<std::string>());
                const double tolerance = type == at::kDouble ? 1e-9 : 2e-5;
                for (const auto& expected : run["local"]) {
                    const auto sigma = expected["sigma"].get<std::string>();
                    CAPTURE(sigma);
                    loss::Grouping grouping;
                    if (sigma != "auto") grouping.sigma = std::stod(sigma);
                    const GoldenInputs in = inputs_of(c, run, type, true);
                    const auto value = [&](LocalDirection direction) {
                        return mean_loss(in.t, in.u, in.valid, in.log_scale, one_of(direction),
                                         grouping);
                    };
                    const auto equals = [&](const Tensor& x, const char* key) {
                        return difference(x, test::to_tensor(expected[key])) < tolerance;
                    };
                    CHECK(equals(value(LocalDirection::kT2g), "t2g"));
                    CHECK(equals(value(LocalDirection::kG2t), "g2t"));
                    CHECK(equals(value(LocalDirection::kBoth), "both"));
                    const Tensor g = loss::group_patches(in.t, in.u, grouping).features;
                    for (const std::int64_t chunk : {1, 2, 3, 1024})
                        CHECK(equals(
                            loss::local_batch(g, in.t, in.valid, in.log_scale, {.chunk = chunk}),
                            "batch"));
                    ++cases;
                }
                for (const auto& [direction, name] : {std::pair{LocalDirection::kT2g, "local_t2g"},
                                                      {LocalDirection::kBoth, "local_both"}}) {
                    CAPTURE(name);
                    const GoldenInputs in = inputs_of(c, run, type, true);
                    mean_loss(in.t, in.u, in.valid, in.log_scale, one_of(direction)).backward();
                    const auto& grad = run["grad_unit"][name];
                    CHECK(difference(in.t.grad(), test::to_tensor(grad["text"])) < tolerance);
                    CHECK(difference(in.u.grad(), test::to_tensor(grad["patch"])) < tolerance);
                    CHECK(difference(in.log_scale.grad(), test::to_tensor(grad["log_scale"])) <
                          tolerance);
                }
            }
    }
    CHECK(cases == 5 * 2 * 2 * 4);
}

TEST_CASE("slot-aligned and local loss together equal the reference, back to the raw vectors") {
    const auto golden = test::read_golden("dreamlip.json");
    for (const auto& c : golden["cases"]) {
        if (!c.contains("inputs")) continue;
        for (const auto& run : c["runs"]) {
            CAPTURE(c["name"].get<std::string>());
            const GoldenInputs in = inputs_of(c, run, at::kDouble, false);
            const Tensor t = tensor::unit(in.t);
            const Tensor loss =
                loss::multi_positive(tensor::unit(in.v), t, in.valid, in.log_scale) +
                mean_loss(t, tensor::unit(in.u), in.valid, in.log_scale, {});
            loss.backward();
            const auto& total = run["total"];
            CHECK(difference(loss, test::to_tensor(total["loss"])) < 1e-9);
            const auto equals = [&](const Tensor& x, const char* key) {
                return difference(x.grad(), test::to_tensor(total["grad"][key])) < 1e-9;
            };
            CHECK(equals(in.v, "image"));
            CHECK(equals(in.t, "text"));
            CHECK(equals(in.u, "patch"));
            CHECK(equals(in.log_scale, "log_scale"));
        }
    }
}

TEST_CASE("local gradients agree with central differences") {
    const Tensor g = random_unit({3, 4, 5}, 1), t = random_unit({3, 4, 5}, 2), s = scalar(1.2);
    Tensor valid = at::ones({3, 4}, at::kBool);
    valid[1][2] = false;
    valid[2][0] = false;
    const auto check = [&](const auto& f) {
        CHECK(gradient_error([&](const Tensor& x) { return f(x, t, s); }, g) < 1e-8);
        CHECK(gradient_error([&](const Tensor& x) { return f(g, x, s); }, t) < 1e-8);
        CHECK(gradient_error([&](const Tensor& x) { return f(g, t, x); }, s) < 1e-8);
    };
    for (const LocalDirection direction : kDirections)
        for (const bool filter : {false, true}) {
            loss::Local options = one_of(direction);
            if (filter) options.filter = 0.3;
            check([&](const Tensor& a, const Tensor& b, const Tensor& c) {
                return loss::local_sum(a, b, valid, c, options);
            });
        }
    check([&](const Tensor& a, const Tensor& b, const Tensor& c) {
        return loss::local_batch(a, b, valid, c, {.chunk = 2});
    });
}

TEST_CASE("equal features give ln K, one slot gives 0, parts of a batch add up") {
    const Tensor same = at::ones({5, 3, 4}, at::kDouble) / 2;
    const Tensor g = random_unit({5, 3, 4}, 3), t = random_unit({5, 3, 4}, 4);
    for (const LocalDirection direction : kDirections) {
        const auto sum = [&](const Tensor& a, const Tensor& b) {
            return loss::local_sum(a, b, {}, scalar(2), one_of(direction)).item<double>();
        };
        CHECK(std::abs(sum(same, same) / 15 - std::log(3.0)) < 1e-12);
        CHECK(std::abs(sum(g.slice(1, 0, 1), t.slice(1, 0, 1))) < 1e-12);
        CHECK(std::abs(sum(g.slice(0, 0, 2), t.slice(0, 0, 2)) + sum(g.slice(0, 2), t.slice(0, 2)) -
                       sum(g, t)) < 1e-12);
        // Neither the order of images nor that of an image's texts matters.
        const Tensor images = at::tensor({3, 1, 4, 0, 2}, at::kLong),
                     texts = at::tensor({2, 0, 1}, at::kLong);
        const auto mixed = [&](const Tensor& x) {
            return x.index_select(0, images).index_select(1, texts);
        };
        CHECK(std::abs(sum(mixed(g), mixed(t)) - sum(g, t)) < 1e-12);
    }
}

TEST_CASE("local losses: a lost slot has no gradient, and any text may stand there") {
    for (const auto type : {at::kDouble, at::kFloat})
        for (const LocalDirection direction : kDirections)
            for (const bool filter : {false, true}) {
                loss::Local options = one_of(direction);
                if (filter) options.filter = 0.5;
                const Tensor u = random_unit({3, 6, 4}, 5).to(type),
                             s = scalar(std::log(100.0)).to(type);
                Tensor valid = at::ones({3, 3}, at::kBool);
                valid[0][1] = false;
                valid[2].fill_(false);
                Tensor texts = random_unit({3, 3, 4}, 6).to(type);
                const Tensor before = mean_loss(texts, u, valid, s, options);
                texts[0][1] = texts[0][0];
                texts[2] = u[0][0];
                const Tensor t = leaf(texts);
                const Tensor after = mean_loss(t, u, valid, s, options);
                after.backward();
                CHECK(after.item<double>() == before.item<double>());
                CHECK(t.grad().isfinite().all().item<bool>());
                CHECK(t.grad()[0][1].abs().max().item<double>() == 0);
                CHECK(t.grad()[2].abs().max().item<double>() == 0);
            }
}

TEST_CASE("the filter leaves out negatives that say the same, never the positive") {
    const Tensor g = random_unit({2, 3, 4}, 7);
    Tensor t = random_unit({2, 3, 4}, 8);
    t[0][2] = t[0][0];
    t[0][1] = -t[0][0];
    t[1][1] = -t[1][0];
    t[1][2] = tensor::unit(t[1][0] + 1e-3);
    loss::Local options;
    for (const LocalDirection direction : kDirections) {
        options = one_of(direction);
        options.filter = 0.9;
        const double filtered = loss::local_sum(g, t, {}, scalar(1), options).item<double>();
        // By hand: slots 0 and 2 of both images do not see each other.
        const Tensor c = g.matmul(t.transpose(1, 2)) * std::exp(1.0);
        Tensor seen = at::ones({3, 3}, at::kDouble);
        seen[0][2] = seen[2][0] = 0;
        const auto one_way = [&](std::int64_t over) {
            return ((c.exp() * seen).sum(over).log() - c.diagonal(0, 1, 2)).sum().item<double>();
        };
        const double expected = direction == LocalDirection::kT2g   ? one_way(1)
                                : direction == LocalDirection::kG2t ? one_way(2)
                                                                    : (one_way(1) + one_way(2)) / 2;
        CHECK(std::abs(filtered - expected) < 1e-12);
        options.filter = 1.5;  // nothing is that close
        CHECK(loss::local_sum(g, t, {}, scalar(1), options).item<double>() ==
              loss::local_sum(g, t, {}, scalar(1), one_of(direction)).item<double>());
        options.filter = -2;  // all say the same
        CHECK(std::abs(loss::local_sum(g, t, {}, scalar(1), options).item<double>()) < 1e-12);
    }
}

TEST_CASE("local losses refuse shapes that do not fit and run on another device") {
    const Tensor g = random_unit({2, 3, 4}, 9), t = random_unit({2, 3, 4}, 10);
    const Tensor valid = at::ones({2, 3}, at::kBool);
    CHECK_THROWS(loss::local_sum(g.slice(0, 0, 1), t, valid, scalar(1)));
    CHECK_THROWS(loss::local_sum(g, t, valid.slice(1, 0, 2), scalar(1)));
    CHECK_THROWS(loss::local_batch(g, t, at::zeros({2, 3}, at::kBool), scalar(1)));
    const auto there = [](const Tensor& x) { return leaf(x.to(at::kFloat).to(test::kStandIn)); };
    const Tensor g2 = there(g), t2 = there(t), s2 = there(scalar(1)),
                 valid2 = valid.to(test::kStandIn);
    loss::Local options = one_of(LocalDirection::kBoth);
    options.filter = 0.5;
    const Tensor away = loss::local_sum(g2, t2, valid2, s2, options) +
                        loss::local_batch(g2, t2, valid2, s2, {.chunk = 2});
    away.backward();
    const Tensor here = loss::local_sum(g, t, valid, scalar(1), options) +
                        loss::local_batch(g, t, valid, scalar(1));
    CHECK(difference(away, here) < 1e-5);
    CHECK(s2.grad().isfinite().item<bool>());
    CHECK_THROWS(loss::local_sum(g2, t2, valid, s2, options));  // the mask is on the CPU
}
