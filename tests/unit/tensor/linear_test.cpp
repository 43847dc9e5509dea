// Products of layers beside LibTorch's own; tests/run runs this file for MKL and for oneDNN.
#include "tensor/linear.h"

#include "tests/support/golden.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cstdlib>
#include <string>

using namespace lip;
using at::Tensor;

namespace {

Tensor random(at::IntArrayRef shape, std::uint64_t seed) {
    at::manual_seed(seed);
    return at::randn(shape);
}

struct Case {
    const char* what;
    Tensor x, weight, bias;
};

std::vector<Case> cases() {
    const Tensor wide = random({6, 20, 9}, 5);
    return {
        {"rows", random({37, 24}, 1), random({10, 24}, 2), random({10}, 3)},
        {"rows of a batch", random({3, 5, 24}, 1), random({10, 24}, 2), random({10}, 3)},
        {"without a bias", random({3, 5, 24}, 1), random({10, 24}, 2), {}},
        {"one row", random({1, 24}, 1), random({10, 24}, 2), random({10}, 3)},
        {"a view that is not contiguous", wide.transpose(1, 2), random({7, 20}, 2), random({7}, 3)},
        {"a slice of a weight", random({8, 12}, 1), random({30, 12}, 2).slice(0, 10, 20),
         random({30}, 3).slice(0, 10, 20)}};
}

// The product's values, and the gradients of x, weight and bias.
std::vector<Tensor> all_of(const Case& c, bool ours) {
    const auto leaf = [](const Tensor& tensor) {
        return tensor.defined() ? tensor.detach().requires_grad_(true) : tensor;
    };
    const Tensor x = leaf(c.x), weight = leaf(c.weight), bias = leaf(c.bias);
    const Tensor y = ours ? tensor::linear(x, weight, bias) : at::linear(x, weight, bias);
    (y * at::sin(at::arange(y.numel()).view(y.sizes()))).sum().backward();
    std::vector<Tensor> out = {y.detach(), x.grad(), weight.grad()};
    if (bias.defined()) out.push_back(bias.grad());
    return out;
}

}  // namespace

TEST_CASE("linear: values and gradients are LibTorch's") {
    const char* named = std::getenv("LIP_PRODUCTS");
    if (named && std::string(named) == "onednn")
        CHECK(tensor::products() == tensor::Products::kOneDnn);
    for (const Case& c : cases()) {
        CAPTURE(c.what);
        const auto ours = all_of(c, true), theirs = all_of(c, false);
        for (std::size_t i = 0; i < ours.size(); ++i) {
            CAPTURE(i);
            CHECK(ours[i].sizes() == theirs[i].sizes());
            CHECK(test::difference(ours[i], theirs[i]) < 1e-5);
        }
    }
}

TEST_CASE("linear: a weight that is frozen gets no gradient, x does") {
    const Tensor x = random({4, 6}, 1).requires_grad_(true), weight = random({3, 6}, 2);
    tensor::linear(x, weight).sum().backward();
    CHECK(test::difference(x.grad(), weight.sum(0).expand({4, 6})) < 1e-5);
    CHECK_FALSE(weight.grad().defined());
}

TEST_CASE("linear: doubles keep their digits") {
    const Tensor x = random({4, 6}, 1).to(at::kDouble), weight = random({3, 6}, 2).to(at::kDouble);
    CHECK(test::difference(tensor::linear(x, weight), x.matmul(weight.t())) < 1e-14);
}

TEST_CASE("linear: a packed weight gives the same, for its number of rows and any other") {
    const Tensor weight = random({10, 24}, 2), bias = random({10}, 3);
    const tensor::PackedWeight packed = tensor::pack_weight(weight, 15);
    CHECK(packed.data.defined() == (tensor::products() == tensor::Products::kMkl && at::hasMKL()));
    const std::vector<std::vector<std::int64_t>> shapes = {{15, 24}, {3, 5, 24}, {7, 24}};
    for (const auto& shape : shapes) {
        const Tensor x = random(shape, 1), y = at::linear(x, weight, bias);
        const at::NoGradGuard no_grad;
        const Tensor found = tensor::linear(x, weight, bias, packed);
        CHECK(found.sizes() == y.sizes());
        CHECK(test::difference(found, y) < 1e-5);
    }
}

TEST_CASE("linear: where gradients are wanted, a packed weight is not taken") {
    const Tensor weight = random({10, 24}, 2).requires_grad_(true), x = random({15, 24}, 1);
    tensor::linear(x, weight, {}, tensor::pack_weight(weight, 15)).sum().backward();
    CHECK(test::difference(weight.grad(), x.sum(0).expand({10, 24})) < 1e-5);
}
