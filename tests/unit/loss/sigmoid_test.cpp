// SigLIP's loss against its definition and finite differences.
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

TEST_CASE("sigmoid loss runs on another device without stray CPU tensors") {
    const auto there = [](const Tensor& x) { return leaf(x.to(at::kFloat).to(test::kStandIn)); };
    const Tensor v = random_unit({4, 3}, 11), t = random_unit({4, 3}, 12), s = test::scalar(1),
                 b = test::scalar(-1);
    const Tensor b2 = there(b);
    const Tensor away = loss::sigmoid_loss(there(v), there(t), there(s), b2, 2);
    away.backward();
    CHECK(std::abs(away.item<double>() - loss::sigmoid_loss(v, t, s, b, 2).item<double>()) < 1e-5);
    CHECK(b2.grad().defined());
}
