// Sigmoid losses against its definition and finite differences.
#include "loss/sigmoid.h"
#include "tests/support/gradients.h"
#include "tests/support/stand_in_device.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cmath>

using namespace lip;
using at::Tensor;
using test::gradient_error;
using test::leaf;
using test::random_unit;

TEST_CASE("sigmoid loss equals its definition in every chunk size, with gradients") {
    const Tensor v = random_unit({5, 4}, 9), t = random_unit({5, 4}, 10);
    const Tensor log_scale = at::scalar_tensor(std::log(10.0), at::kDouble),
                 bias = at::scalar_tensor(-3.0, at::kDouble);
    const Tensor z = 2 * at::eye(5, at::kDouble) - 1;
    const Tensor expected =
        -at::log_sigmoid(z * (v.matmul(t.t()) * log_scale.exp() + bias)).sum() / 5;
    for (const std::int64_t chunk : {1, 2, 7}) {
        CHECK(std::abs(loss::sigmoid_loss(v, t, log_scale, bias, {.chunk = chunk}).item<double>() -
                       expected.item<double>()) < 1e-12);
        const auto loss = [&](const Tensor& a, const Tensor& b, const Tensor& c, const Tensor& d) {
            return loss::sigmoid_loss(a, b, c, d, {.chunk = chunk});
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

TEST_CASE("sigmoid loss is exact in double where softplus is near its argument") {
    // One pair that fits badly: softplus(x) - x = 1e-9 at x = 20.7 is not lost.
    const Tensor v = at::ones({1, 1}, at::kDouble), s = test::scalar(0);
    for (const double logit : {-19.5, -20.7, -25.0, 20.7, 30.0, 800.0, -800.0}) {
        const Tensor b = test::scalar(logit - 1);
        const double x = -logit;
        const double expected = std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
        CHECK(loss::sigmoid_loss(v, v, s, b).item<double>() ==
              doctest::Approx(expected).epsilon(1e-14));
    }
}

TEST_CASE("sigmoid loss with several texts equals its definition, without the lost ones") {
    const Tensor v = random_unit({4, 3}, 21), t = random_unit({4, 2, 3}, 22),
                 s = test::scalar(std::log(10.0)), b = test::scalar(-3);
    Tensor valid = at::ones({4, 2}, at::kBool);
    valid[0][1] = valid[2][0] = valid[2][1] = false;
    const Tensor z = (2 * at::eye(4, at::kDouble) - 1).unsqueeze(2);  // [N, N, 1]
    const Tensor x = at::tensordot(v, t, {1}, {2}) * s.exp() + b;     // [N, N, K]
    const double expected =
        -at::where(valid, at::log_sigmoid(z * x), at::zeros_like(x)).sum().item<double>() / 5;
    const double all = -at::log_sigmoid(z * x).sum().item<double>() / 8;
    CHECK(std::abs(loss::multi_positive_sigmoid(v, t, {}, s, b, {.chunk = 3}).item<double>() -
                   all) < 1e-12);
    for (const std::int64_t chunk : {1, 3, 1024}) {
        const auto f = [&](const Tensor& p, const Tensor& q, const Tensor& c, const Tensor& d) {
            return loss::multi_positive_sigmoid(p, q, valid, c, d, {.chunk = chunk});
        };
        CHECK(std::abs(f(v, t, s, b).item<double>() - expected) < 1e-12);
        CHECK(gradient_error([&](const Tensor& y) { return f(y, t, s, b); }, v) < 1e-8);
        CHECK(gradient_error([&](const Tensor& y) { return f(v, y, s, b); }, t) < 1e-8);
        CHECK(gradient_error([&](const Tensor& y) { return f(v, t, y, b); }, s) < 1e-8);
        CHECK(gradient_error([&](const Tensor& y) { return f(v, t, s, y); }, b) < 1e-8);
    }
    Tensor other = t.clone();
    other[2] = v[2];
    const Tensor changed = leaf(other);
    const Tensor loss = loss::multi_positive_sigmoid(v, changed, valid, s, b);
    loss.backward();
    CHECK(std::abs(loss.item<double>() - expected) < 1e-12);
    CHECK(changed.grad()[2].abs().max().item<double>() == 0);
    CHECK_THROWS(loss::multi_positive_sigmoid(v, t, valid.slice(1, 0, 1), s, b));
    CHECK_THROWS(loss::multi_positive_sigmoid(v, t.slice(0, 0, 2), {}, s, b));
}

TEST_CASE("sigmoid loss runs on another device without stray CPU tensors") {
    const auto there = [](const Tensor& x) { return leaf(x.to(at::kFloat).to(test::kStandIn)); };
    const Tensor v = random_unit({4, 3}, 11), t = random_unit({4, 3}, 12), s = test::scalar(1),
                 b = test::scalar(-1);
    const Tensor b2 = there(b);
    const Tensor away = loss::sigmoid_loss(there(v), there(t), there(s), b2, {.chunk = 2});
    away.backward();
    CHECK(std::abs(away.item<double>() -
                   loss::sigmoid_loss(v, t, s, b, {.chunk = 2}).item<double>()) < 1e-5);
    CHECK(b2.grad().defined());
    const Tensor t2 = there(random_unit({4, 2, 3}, 13));
    const Tensor valid = at::ones({4, 2}, at::kBool).to(test::kStandIn);
    loss::multi_positive_sigmoid(there(v), t2, valid, there(s), b2, {.chunk = 3}).backward();
    CHECK(t2.grad().isfinite().all().item<bool>());
}
