// Contrastive losses against independent reference numbers, finite differences and identities.
#include "loss/clip.h"
#include "loss/multi_positive.h"
#include "loss/sigmoid.h"
#include "tensor/math.h"
#include "tests/support/golden.h"
#include "tests/support/stand_in_device.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

using namespace lip;
using at::Tensor;
using test::difference;

namespace {

Tensor random_unit(at::IntArrayRef shape, std::uint64_t seed) {
    const at::Generator generator = at::detail::createCPUGenerator(seed);
    return tensor::unit(at::randn(shape, generator, at::TensorOptions(at::kDouble)));
}

Tensor leaf(const Tensor& x) {
    return x.detach().clone().requires_grad_(true);
}

// Largest difference between the gradient of `f` at x and central differences.
double gradient_error(const std::function<Tensor(const Tensor&)>& f, const Tensor& x) {
    const Tensor at_x = leaf(x);
    f(at_x).backward();
    Tensor numeric = at::zeros_like(x).flatten();
    constexpr double kStep = 1e-5;
    for (std::int64_t i = 0; i < x.numel(); ++i) {
        const auto moved = [&](double by) {
            Tensor y = x.detach().clone();
            y.flatten()[i] += by;
            return f(y).item<double>();
        };
        numeric[i] = (moved(kStep) - moved(-kStep)) / (2 * kStep);
    }
    return difference(at_x.grad(), numeric.view(x.sizes()));
}

}  // namespace

TEST_CASE("slot-aligned loss and gradients equal the reference") {
    const auto golden = test::read_golden("dreamlip.json");
    int cases = 0;
    for (const auto& c : golden["cases"]) {
        if (!c.contains("inputs")) continue;
        for (const auto& run : c["runs"])
            for (const std::int64_t chunk : {1, 2, 3, 1024}) {
                CAPTURE(c["name"].get<std::string>());
                CAPTURE(chunk);
                const Tensor v = leaf(tensor::unit(test::to_tensor(c["inputs"]["image"])));
                const Tensor t = leaf(tensor::unit(test::to_tensor(c["inputs"]["text"])));
                const Tensor valid = test::to_tensor(c["valid"]).to(at::kBool);
                const Tensor log_scale =
                    leaf(at::scalar_tensor(std::log(run["scale"].get<double>()), at::kDouble));
                const Tensor loss = loss::multi_positive_slots(v, t, valid, log_scale, chunk);
                loss.backward();
                CHECK(std::abs(loss.item<double>() - run["mpcl_slot"]["loss"].get<double>()) <
                      1e-9);
                const auto& grad = run["grad_unit"]["mpcl_slot"];
                CHECK(difference(v.grad(), test::to_tensor(grad["image"])) < 1e-9);
                CHECK(difference(t.grad(), test::to_tensor(grad["text"])) < 1e-9);
                CHECK(std::abs(log_scale.grad().item<double>() - grad["log_scale"].get<double>()) <
                      1e-9);
                ++cases;
            }
    }
    CHECK(cases == 5 * 2 * 4);
}

TEST_CASE("slot-aligned loss in float32 stays within 2e-5 of the reference") {
    const auto golden = test::read_golden("dreamlip.json");
    for (const auto& c : golden["cases"]) {
        if (!c.contains("inputs")) continue;
        const auto& run = c["runs"][0];
        const Tensor v = leaf(tensor::unit(test::to_tensor(c["inputs"]["image"]).to(at::kFloat)));
        const Tensor t = leaf(tensor::unit(test::to_tensor(c["inputs"]["text"]).to(at::kFloat)));
        const Tensor log_scale =
            leaf(at::scalar_tensor(std::log(run["scale"].get<double>()), at::kFloat));
        loss::multi_positive_slots(v, t, test::to_tensor(c["valid"]).to(at::kBool), log_scale)
            .backward();
        CHECK(difference(v.grad(), test::to_tensor(run["grad_unit"]["mpcl_slot"]["image"])) < 2e-5);
    }
}

TEST_CASE("slot-aligned gradients agree with central differences") {
    const Tensor v = random_unit({5, 4}, 1), t = random_unit({5, 3, 4}, 2);
    Tensor valid = at::ones({5, 3}, at::kBool);
    valid[1][2] = false;
    valid[4][0] = false;
    const Tensor log_scale = at::scalar_tensor(1.3, at::kDouble);
    CHECK(
        gradient_error(
            [&](const Tensor& x) { return loss::multi_positive_slots(x, t, valid, log_scale, 2); },
            v) < 1e-8);
    CHECK(
        gradient_error(
            [&](const Tensor& x) { return loss::multi_positive_slots(v, x, valid, log_scale, 2); },
            t) < 1e-8);
    CHECK(gradient_error(
              [&](const Tensor& x) { return loss::multi_positive_slots(v, t, valid, x, 2); },
              log_scale) < 1e-8);
}

TEST_CASE("equal embeddings give ln N") {
    const Tensor v = at::ones({6, 4}, at::kDouble) / 2, t = at::ones({6, 3, 4}, at::kDouble) / 2;
    const double loss =
        loss::multi_positive_slots(v, t, {}, at::scalar_tensor(2.0, at::kDouble)).item<double>();
    CHECK(std::abs(loss - std::log(6.0)) < 1e-12);
}

TEST_CASE("one slot equals the symmetric cross entropy of CLIP") {
    const Tensor v = random_unit({7, 5}, 3), t = random_unit({7, 5}, 4),
                 log_scale = at::scalar_tensor(2.0, at::kDouble);
    const Tensor logits = v.matmul(t.t()) * log_scale.exp();
    const Tensor target = at::arange(7);
    const Tensor expected =
        (at::cross_entropy_loss(logits, target) + at::cross_entropy_loss(logits.t(), target)) / 2;
    CHECK(std::abs(loss::clip_loss(v, t, log_scale, 3).item<double>() - expected.item<double>()) <
          1e-12);
}

TEST_CASE("permuting images changes nothing; a masked slot counts nowhere") {
    const Tensor v = random_unit({6, 4}, 5), t = random_unit({6, 2, 4}, 6),
                 log_scale = at::scalar_tensor(2.0, at::kDouble);
    Tensor valid = at::ones({6, 2}, at::kBool);
    valid[3][1] = false;
    const double loss = loss::multi_positive_slots(v, t, valid, log_scale).item<double>();
    const Tensor order = at::tensor({3, 1, 5, 0, 2, 4}, at::kLong);
    const double permuted =
        loss::multi_positive_slots(v.index_select(0, order), t.index_select(0, order),
                                   valid.index_select(0, order), log_scale)
            .item<double>();
    CHECK(std::abs(loss - permuted) < 1e-12);

    Tensor other = t.clone();
    other[3][1] = -other[3][1];
    const Tensor changed = leaf(other);
    const Tensor loss_changed = loss::multi_positive_slots(v, changed, valid, log_scale);
    loss_changed.backward();
    CHECK(loss_changed.item<double>() == loss);
    CHECK(changed.grad()[3][1].abs().max().item<double>() == 0);
}

TEST_CASE("lost texts that fit perfectly give no NaN at scale 100") {
    const Tensor v = leaf(at::eye(3, at::kFloat));
    Tensor texts = at::eye(3, at::kFloat).roll(1, 0).unsqueeze(1).repeat({1, 2, 1});
    texts[1][1] = v.detach()[1];  // its own image's, and of a valid row below
    texts[2][1] = v.detach()[0];
    const Tensor t = leaf(texts), log_scale = leaf(at::scalar_tensor(std::log(100.0)));
    Tensor valid = at::ones({3, 2}, at::kBool);
    valid[1][1] = valid[2][1] = false;
    for (const std::int64_t chunk : {1, 2, 1024}) {
        for (const Tensor& x : {v, t, log_scale}) x.mutable_grad() = Tensor();
        const Tensor loss = loss::multi_positive_slots(v, t, valid, log_scale, chunk);
        loss.backward();
        for (const Tensor& x : {loss, v.grad(), t.grad(), log_scale.grad()})
            CHECK(x.isfinite().all().item<bool>());
        CHECK(t.grad()[1][1].abs().max().item<double>() == 0);
    }
}

TEST_CASE("a slot without valid texts is left out, and no valid slot at all is refused") {
    const Tensor v = random_unit({3, 4}, 7), t = random_unit({3, 2, 4}, 8),
                 log_scale = at::scalar_tensor(2.0, at::kDouble);
    Tensor valid = at::ones({3, 2}, at::kBool);
    valid.select(1, 1).fill_(false);
    const double loss = loss::multi_positive_slots(v, t, valid, log_scale).item<double>();
    CHECK(std::abs(loss - loss::clip_loss(v, t.select(1, 0), log_scale).item<double>()) < 1e-12);
    CHECK_THROWS(loss::multi_positive_slots(v, t, at::zeros({3, 2}, at::kBool), log_scale));
}

TEST_CASE("sigmoid loss equals its definition in every chunk size, with gradients") {
    const Tensor v = random_unit({5, 4}, 9), t = random_unit({5, 4}, 10);
    const Tensor log_scale = at::scalar_tensor(std::log(10.0), at::kDouble),
                 bias = at::scalar_tensor(-3.0, at::kDouble);
    const Tensor z = 2 * at::eye(5, at::kDouble) - 1;
    const Tensor expected =
        -at::log_sigmoid(z * (v.matmul(t.t()) * log_scale.exp() + bias)).sum() / 5;
    for (const std::int64_t chunk : {1, 2, 7}) {
        CHECK(std::abs(loss::sigmoid_loss(v, t, log_scale, bias, chunk).item<double>() -
                       expected.item<double>()) < 1e-8);
        const auto loss = [&](const Tensor& a, const Tensor& b, const Tensor& c, const Tensor& d) {
            return loss::sigmoid_loss(a, b, c, d, chunk);
        };
        CHECK(gradient_error([&](const Tensor& x) { return loss(x, t, log_scale, bias); }, v) <
              1e-7);
        CHECK(gradient_error([&](const Tensor& x) { return loss(v, x, log_scale, bias); }, t) <
              1e-7);
        CHECK(gradient_error([&](const Tensor& x) { return loss(v, t, x, bias); }, log_scale) <
              1e-7);
        CHECK(gradient_error([&](const Tensor& x) { return loss(v, t, log_scale, x); }, bias) <
              1e-7);
    }
}

TEST_CASE("losses run on another device without stray CPU tensors") {
    const auto there = [](const Tensor& x) { return leaf(x.to(at::kFloat).to(test::kStandIn)); };
    const Tensor v = random_unit({4, 3}, 11), t = random_unit({4, 2, 3}, 12),
                 log_scale = at::scalar_tensor(1.0, at::kDouble);
    const Tensor valid = at::ones({4, 2}, at::kBool);
    const Tensor v2 = there(v), t2 = there(t), s2 = there(log_scale);
    const Tensor here = loss::multi_positive_slots(v, t, valid, log_scale, 2);
    const Tensor away = loss::multi_positive_slots(v2, t2, valid.to(test::kStandIn), s2, 2);
    away.backward();
    CHECK(std::abs(here.item<double>() - away.item<double>()) < 1e-5);
    const Tensor b2 = there(at::scalar_tensor(-1.0, at::kDouble));
    loss::sigmoid_loss(v2, t2.select(1, 0), s2, b2, 2).backward();
    CHECK(b2.grad().defined());
    CHECK_THROWS(loss::multi_positive_slots(v2, t2, valid, s2, 2));  // the mask is on the CPU
}
