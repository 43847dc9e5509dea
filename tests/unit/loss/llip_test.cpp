// Llip's loss against reference numbers, its definition, finite differences and identities.
#include "loss/llip.h"

#include "loss/sigmoid.h"
#include "model/readout.h"
#include "tests/support/golden.h"
#include "tests/support/gradients.h"
#include "tests/support/stand_in_device.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>

using namespace lip;
using at::Tensor;
using loss::Llip;
using test::difference;
using test::gradient_error;
using test::leaf;
using test::random_unit;
using test::scalar;

namespace {

constexpr double kLn10 = 2.30258509299;
constexpr const char* kNames[] = {"H", "G", "W_Q", "W_K", "W_V", "W_O", "W_T"};
using Named = std::map<std::string, Tensor>;

// The inputs of a golden case, with those of the case that it shares them with.
Named inputs_of(const nlohmann::json& golden, const nlohmann::json& c,
                at::ScalarType type = at::kDouble) {
    Named x;
    if (c.contains("shared_inputs"))
        x = inputs_of(golden, test::golden_case(golden, c["shared_inputs"]), type);
    for (const auto& [name, value] : c["inputs"].items())
        x[name] = leaf(test::to_tensor(value).to(type));
    return x;
}

// From tokens and text features to what the loss takes.
struct Projected {
    Tensor q, keys, values, output, targets;
};

Projected project(const Named& x) {
    return {at::linear(x.at("G"), x.at("W_Q")), at::linear(x.at("H"), x.at("W_K")),
            at::linear(x.at("H"), x.at("W_V")), x.at("W_O"),
            tensor::unit(at::linear(x.at("G"), x.at("W_T")))};
}

Tensor loss_of(const Projected& p, const Tensor& alpha, const Tensor& b, const Llip& options) {
    return loss::llip_loss({p.q, p.keys, p.values, p.output, p.targets}, {}, alpha, b, options);
}

Tensor scores_of(const Projected& p, const Llip& options) {
    return loss::llip_scores({p.q, p.keys, p.values, p.output, p.targets}, options);
}

// Whole tensors in autograd: [B, T].
Tensor plain_scores(const Projected& p, std::int64_t heads, double tau) {
    const std::int64_t t = p.q.size(0), b = p.keys.size(0), k = p.keys.size(1);
    const Tensor e =
        at::einsum("jmc,ikmc->ijmk", {p.q.view({t, heads, -1}), p.keys.view({b, k, heads, -1})}) /
        tau;
    const Tensor c =
        at::einsum("ijmk,ikmc->ijmc", {e.softmax(-1), p.values.view({b, k, heads, -1})})
            .flatten(-2);
    return (tensor::unit(at::linear(c, p.output)) * p.targets).sum(-1);
}

Named random_inputs(std::int64_t images, std::int64_t texts, std::int64_t tokens) {
    const at::Generator g = at::detail::createCPUGenerator(17);
    const auto normal = [&](at::IntArrayRef shape) {
        return at::randn(shape, g, at::TensorOptions(at::kDouble));
    };
    return {{"H", normal({images, tokens, 7})},
            {"G", normal({texts, 5})},
            {"W_Q", normal({6, 5})},
            {"W_K", normal({6, 7})},
            {"W_V", normal({6, 7})},
            {"W_O", normal({6, 6})},
            {"W_T", normal({6, 5})}};
}

}  // namespace

TEST_CASE("llip: loss and all gradients equal the reference in every chunk size") {
    const auto golden = test::read_golden("llip.json");
    int runs = 0;
    for (const char* name : {"training", "single_head", "one_token"}) {
        const auto& c = test::golden_case(golden, name);
        for (const auto& run : c["runs"])
            for (const auto type : {at::kDouble, at::kFloat})
                for (const std::int64_t chunk : {1, 2, 7, 0})
                    for (const double tile : {0.0, 64.0})
                        for (const bool recompute : {false, true}) {
                            CAPTURE(name);
                            CAPTURE(chunk);
                            const double tolerance = type == at::kDouble ? 1e-9 : 2e-5;
                            const Llip options{.heads = c["heads"].get<std::int64_t>(),
                                               .tau = run["tau"].get<double>(),
                                               .tile_mib = tile,
                                               .text_chunk = chunk,
                                               .recompute = recompute};
                            const Named x = inputs_of(golden, c, type);
                            const Tensor alpha = leaf(scalar(run["alpha"]).to(type)),
                                         b = leaf(scalar(run["b"]).to(type));
                            const Projected p = project(x);
                            CHECK(difference(scores_of(p, options), test::to_tensor(run["s"])) <
                                  tolerance);
                            const Tensor loss = loss_of(p, alpha, b, options);
                            CHECK(difference(loss, scalar(run["loss"])) < tolerance);
                            loss.backward();
                            for (const char* key : kNames)
                                CHECK(difference(x.at(key).grad(),
                                                 test::to_tensor(run["grad"][key])) < tolerance);
                            CHECK(difference(alpha.grad(), scalar(run["grad"]["alpha"])) <
                                  tolerance);
                            CHECK(difference(b.grad(), scalar(run["grad"]["b"])) < tolerance);
                            ++runs;
                        }
    }
    CHECK(runs == 6 * 2 * 4 * 2 * 2);
}

TEST_CASE("llip: the arms of the comparison equal the reference") {
    const auto golden = test::read_golden("llip.json");
    const auto& c = test::golden_case(golden, "arms");
    for (const auto& [arm, expected] : c["arms"].items()) {
        CAPTURE(arm);
        const Named x = inputs_of(golden, c);
        Projected p = project(x);
        p.q = x.at("q0").expand({3, 6});
        if (arm == "registers") {
            p.keys = p.keys.slice(1, 0, 1);
            p.values = p.values.slice(1, 0, 1);
        }
        const double tau = arm == "average" ? std::numeric_limits<double>::infinity() : 5;
        const Llip options{.heads = 3, .tau = tau, .text_chunk = 2};
        CHECK(difference(scores_of(p, options), test::to_tensor(expected["s"])) < 1e-9);
        const Tensor loss = loss_of(p, scalar(kLn10), scalar(-10), options);
        CHECK(difference(loss, scalar(expected["loss"])) < 1e-9);
        loss.backward();
        for (const char* key : {"H", "W_V", "W_O", "q0"})
            CHECK(difference(x.at(key).grad(), test::to_tensor(expected["grad"][key])) < 1e-9);
    }
}

TEST_CASE("llip: scores of more texts than images, of classes, and the uniform vector") {
    const auto golden = test::read_golden("llip.json");
    const auto& c = test::golden_case(golden, "inference");
    Projected p = project(inputs_of(golden, c));
    for (const std::int64_t chunk : {1, 3, 0}) {
        const Llip options{.heads = 3, .tau = 5, .text_chunk = chunk};
        CHECK(difference(scores_of(p, options), test::to_tensor(c["pair_scores"])) < 1e-9);
        Projected classes = p;
        classes.q = test::to_tensor(c["class_query"]);
        classes.targets = test::to_tensor(c["class_target"]);
        CHECK(difference(scores_of(classes, options), test::to_tensor(c["class_scores"])) < 1e-9);
    }
    const Tensor uniform = model::uniform_vector(p.values, p.output);
    CHECK(difference(uniform, test::to_tensor(c["shortlist_image"])) < 1e-9);
    CHECK(difference(uniform.matmul(p.targets.t()), test::to_tensor(c["shortlist_scores"])) < 1e-9);
}

TEST_CASE("llip: the loss of given scores, also with logits of several hundred") {
    const auto golden = test::read_golden("llip.json");
    const auto& c = test::golden_case(golden, "loss_only");
    // z_i = (s_i / 2, what a unit vector lacks) against the axes; twice the scale makes up for it.
    const Tensor half = test::to_tensor(c["inputs"]["s"]) / 2;
    const Tensor lacking = (1 - (half * half).sum(1, true)).sqrt();
    const Tensor z = at::cat({half, lacking}, 1).unsqueeze(1), axes = at::eye(5, at::kDouble);
    for (const auto& run : c["runs"]) {
        const Tensor alpha = leaf(scalar(run["alpha"].get<double>() + std::log(2.0))),
                     b = leaf(scalar(run["b"]));
        const Projected p{axes.slice(0, 0, 4), z, z, axes, axes.slice(0, 0, 4)};
        const Tensor loss = loss_of(p, alpha, b, {.heads = 1});
        CHECK(difference(loss, scalar(run["loss"])) < 1e-9);
        loss.backward();
        CHECK(difference(alpha.grad(), scalar(run["grad"]["alpha"])) < 1e-9);
        CHECK(difference(b.grad(), scalar(run["grad"]["b"])) < 1e-9);
    }
}

TEST_CASE("llip: one token is SigLIP, whatever asks for it") {
    Named x = random_inputs(4, 4, 1);
    for (auto& [name, value] : x) value = leaf(value);
    const Projected p = project(x);
    const Tensor v =
        tensor::unit(at::linear(p.values.squeeze(1), p.output));  // no queries, no keys
    const Tensor expected = loss::sigmoid_loss(v, p.targets, scalar(kLn10), scalar(-3));
    for (const double tau : {0.1, 5.0}) {
        const Tensor loss = loss_of(p, scalar(kLn10), scalar(-3), {.heads = 3, .tau = tau});
        CHECK(difference(loss, expected) < 1e-12);
        loss.backward({}, /*retain_graph=*/true);
        CHECK(x.at("W_Q").grad().abs().max().item<double>() == 0);
        CHECK(x.at("W_K").grad().abs().max().item<double>() == 0);
        CHECK(x.at("W_V").grad().abs().max().item<double>() > 0);
    }
}

TEST_CASE("llip: a large temperature and equal tokens are the mean, the order of tokens is none") {
    const Projected p = project(random_inputs(4, 5, 3));
    const Tensor mean = model::uniform_vector(p.values, p.output).matmul(p.targets.t());
    CHECK(difference(scores_of(p, {.heads = 3, .tau = 1e12}), mean) < 1e-9);
    CHECK(difference(scores_of(p, {.heads = 3, .tau = 0.5}), mean) > 1e-3);
    Projected equal = p;
    equal.keys = p.keys.slice(1, 0, 1).repeat({1, 3, 1});
    equal.values = p.values.slice(1, 0, 1).repeat({1, 3, 1});
    const Tensor one = model::uniform_vector(equal.values, p.output).matmul(p.targets.t());
    CHECK(difference(scores_of(equal, {.heads = 3, .tau = 0.5}), one) < 1e-12);
    Projected mixed = p;
    const Tensor order = at::tensor({2, 0, 1}, at::kLong);
    mixed.keys = p.keys.index_select(1, order);
    mixed.values = p.values.index_select(1, order);
    CHECK(difference(scores_of(mixed, {.heads = 3}), scores_of(p, {.heads = 3})) < 1e-12);
}

TEST_CASE("llip: with one image for all texts no weights get below the floor") {
    const std::int64_t n = 6;
    Named x = random_inputs(1, n, 4);
    x["H"] = x["H"].repeat({n, 1, 1});
    const Projected p = project(x);
    const Tensor s = scores_of(p, {.heads = 2, .tau = 0.3});
    CHECK((s - s[0]).abs().max().item<double>() < 1e-12);
    const double floor = std::log(n) - (n - 1) * std::log(1 - 1.0 / n);
    for (const double alpha : {0.0, 2.0, 5.0})
        for (const double b : {-10.0, -1.6, 0.0, 3.0})
            CHECK(loss_of(p, scalar(alpha), scalar(b), {.heads = 2, .tau = 0.3}).item<double>() >=
                  floor);
    // It is reached at sigmoid(l) = 1/n for every pair.
    Projected blind = p;
    blind.targets = at::zeros_like(p.targets);
    CHECK(
        std::abs(loss_of(blind, scalar(0), scalar(-std::log(n - 1)), {.heads = 2}).item<double>() -
                 floor) < 1e-12);
    const double start = std::log1p(std::exp(10.0)) + (n - 1) * std::log1p(std::exp(-10.0));
    CHECK(std::abs(loss_of(blind, scalar(kLn10), scalar(-10), {.heads = 2}).item<double>() -
                   start) < 1e-12);
}

TEST_CASE("llip with several texts equals its definition, also in parts") {
    const std::int64_t n = 4, k = 2;
    Named x = random_inputs(n, n * k, 3);
    for (auto& [name, value] : x) value = leaf(value);
    const Projected p = project(x);
    Tensor valid = at::ones({n * k}, at::kBool);
    valid[1] = valid[4] = valid[5] = false;
    const Tensor alpha = leaf(scalar(1.3)), b = leaf(scalar(-2));
    const Tensor own = at::eye(n, at::kDouble).repeat_interleave(k, /*dim=*/1);
    const Tensor l = plain_scores(p, 3, 0.7) * alpha.exp() + b;
    const Tensor expected =
        (-at::log_sigmoid((2 * own - 1) * l)).masked_fill(valid.logical_not(), 0).sum() / 5;
    std::vector<Tensor> leaves = {alpha, b};
    for (const char* name : kNames) leaves.push_back(x.at(name));
    const auto gradients = [&](const Tensor& loss) {
        for (Tensor& y : leaves) y.mutable_grad() = Tensor();
        loss.backward({}, /*retain_graph=*/true);
        std::vector<Tensor> found;
        for (const Tensor& y : leaves) found.push_back(y.grad());
        return found;
    };
    const std::vector<Tensor> wanted = gradients(expected);
    for (const std::int64_t ranks : {1, 2, 4})
        for (const std::int64_t chunk : {1, 3, 0}) {
            Tensor sum = scalar(0);
            for (std::int64_t rank = 0; rank < ranks; ++rank) {
                const std::int64_t begin = rank * n / ranks, end = (rank + 1) * n / ranks;
                sum = sum + loss::llip_loss({p.q, p.keys.slice(0, begin, end),
                                             p.values.slice(0, begin, end), p.output, p.targets},
                                            valid, alpha, b,
                                            {.heads = 3,
                                             .tau = 0.7,
                                             .texts_per_image = k,
                                             .own_begin = begin,
                                             .text_chunk = chunk});
            }
            CHECK(difference(sum, expected.detach()) < 1e-12);
            const std::vector<Tensor> found = gradients(sum);
            for (std::size_t i = 0; i < wanted.size(); ++i)
                CHECK(difference(found[i], wanted[i]) < 1e-12);
        }
    Named other = x;
    for (auto& [name, value] : other) value = leaf(value);
    other.at("G").data()[4] = 100;
    const Tensor changed =
        loss::llip_loss({project(other).q, p.keys, p.values, p.output, project(other).targets},
                        valid, alpha, b, {.heads = 3, .tau = 0.7, .texts_per_image = k});
    CHECK(difference(changed, expected.detach()) < 1e-12);
    changed.backward();
    CHECK(other.at("G").grad()[4].abs().max().item<double>() == 0);
}

TEST_CASE("llip gradients agree with central differences") {
    const Projected p = project(random_inputs(3, 3, 4));
    const Tensor alpha = scalar(1.1), b = scalar(-1.5);
    const auto f = [&](const Projected& x, const Tensor& s, const Tensor& c) {
        return loss_of(x, s, c, {.heads = 2, .tau = 0.8, .text_chunk = 2});
    };
    const auto check = [&](Tensor Projected::*member) {
        CHECK(gradient_error(
                  [&](const Tensor& y) {
                      Projected moved = p;
                      moved.*member = y;
                      return f(moved, alpha, b);
                  },
                  p.*member) < 1e-7);
    };
    check(&Projected::q);
    check(&Projected::keys);
    check(&Projected::values);
    check(&Projected::output);
    check(&Projected::targets);
    CHECK(gradient_error([&](const Tensor& y) { return f(p, y, b); }, alpha) < 1e-7);
    CHECK(gradient_error([&](const Tensor& y) { return f(p, alpha, y); }, b) < 1e-7);
}

TEST_CASE("llip refuses what does not fit, and a second backward call") {
    Projected p = project(random_inputs(3, 3, 4));
    const Tensor a = leaf(scalar(1)), b = scalar(-1);
    CHECK_THROWS(loss_of(p, a, b, {.heads = 4}));
    CHECK_THROWS(loss_of(p, a, b, {.heads = 2, .texts_per_image = 2}));
    CHECK_THROWS(loss_of(p, a, b, {.heads = 2, .own_begin = 1}));
    CHECK_THROWS(loss_of(p, a, b, {.heads = 2, .tau = 0}));
    const Tensor loss = loss_of(p, a, b, {.heads = 2});
    loss.backward({}, /*retain_graph=*/true);
    CHECK_THROWS(loss.backward());
    const Tensor again = loss_of(p, a, b, {.heads = 2, .recompute = true});
    again.backward({}, /*retain_graph=*/true);
    again.backward();
    p.keys = p.keys.to(at::kFloat);
    CHECK_THROWS(loss_of(p, a, b, {.heads = 2}));
}

TEST_CASE("llip runs on another device without stray CPU tensors") {
    const auto there = [](const Tensor& x) { return leaf(x.to(at::kFloat).to(test::kStandIn)); };
    const Projected p = project(random_inputs(4, 4, 3));
    const Projected away{there(p.q), there(p.keys), there(p.values), there(p.output),
                         there(p.targets)};
    const Tensor s = there(scalar(1)), b = there(scalar(-1));
    for (const double tile : {0.0, 64.0})
        for (const bool recompute : {false, true}) {
            const Llip options{
                .heads = 3, .tile_mib = tile, .text_chunk = 3, .recompute = recompute};
            const Tensor loss = loss_of(away, s, b, options);
            loss.backward();
            CHECK(difference(loss, loss_of(p, scalar(1), scalar(-1), {.heads = 3})) < 1e-5);
            CHECK(away.keys.grad().isfinite().all().item<bool>());
            CHECK(difference(scores_of(away, options), scores_of(p, {.heads = 3})) < 1e-5);
        }
    CHECK(model::uniform_vector(away.values, away.output).device() == test::kStandIn);
}
