// The optimiser, and the schedules of rates and checkpoints.
#include "train/optimizer.h"
#include "train/schedule.h"

#include "cli/error.h"
#include "cli/values.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cmath>

using namespace lip;
using at::Tensor;

TEST_CASE("AdamW equals its formula, decays matrices only and survives saving") {
    const Tensor matrix = at::ones({2, 2}, at::kDouble).requires_grad_(true),
                 gain = at::ones({2}, at::kDouble).requires_grad_(true);
    const tensor::NamedTensors parameters = {{"matrix", matrix}, {"gain", gain}};
    const train::AdamWSettings settings{
        .weight_decay = 0.5, .beta1 = 0.8, .beta2 = 0.9, .eps = 1e-3};
    train::AdamW optimizer(parameters, settings);
    double m = 0, v = 0, p = 1, q = 1;
    for (int step = 1; step <= 4; ++step) {
        const double g = 0.3 * step;
        at::Tensor(matrix).mutable_grad() = at::full({2, 2}, g, at::kDouble);
        at::Tensor(gain).mutable_grad() = at::full({2}, g, at::kDouble);
        optimizer.step(0.1);
        m = 0.8 * m + 0.2 * g;
        v = 0.9 * v + 0.1 * g * g;
        const double update = 0.1 * (m / (1 - std::pow(0.8, step))) /
                              (std::sqrt(v / (1 - std::pow(0.9, step))) + 1e-3);
        p = p * (1 - 0.1 * 0.5) - update;
        q = q - update;
        CHECK(std::abs(matrix[0][1].item<double>() - p) < 1e-12);
        CHECK(std::abs(gain[1].item<double>() - q) < 1e-12);
    }
    train::AdamW copy(parameters, settings);
    copy.load_state(optimizer.state(), optimizer.steps(), "x");
    CHECK(copy.steps() == 4);
    CHECK(at::equal(copy.state()[0].second, optimizer.state()[0].second));
    CHECK_THROWS_AS(copy.load_state({}, 1, "x"), cli::DataError);
}

TEST_CASE("AdamW does not decay mixture tokens") {
    const Tensor tokens = at::ones({2, 2}).requires_grad_(true);
    train::AdamW optimizer({{"visual.mixture_tokens", tokens}}, {.weight_decay = 0.5});
    at::Tensor(tokens).mutable_grad() = at::zeros({2, 2});
    optimizer.step(0.1);
    CHECK(tokens.eq(1).all().item<bool>());
}

TEST_CASE("clipping keeps the direction and the limit") {
    const Tensor a = at::zeros({3}, at::kDouble).requires_grad_(true),
                 b = at::zeros({2, 2}, at::kDouble).requires_grad_(true);
    train::AdamW optimizer({{"a", a}, {"b", b}}, {});
    at::Tensor(a).mutable_grad() = at::full({3}, 2.0, at::kDouble);
    at::Tensor(b).mutable_grad() = at::full({2, 2}, -2.0, at::kDouble);
    const double norm = std::sqrt(7 * 4.0);
    CHECK(std::abs(optimizer.clip_gradients(0).item<double>() - norm) < 1e-9);
    CHECK(a.grad()[0].item<double>() == 2);
    optimizer.clip_gradients(1);
    CHECK(std::abs(a.grad()[0].item<double>() - 2 / norm) < 1e-5);
    CHECK(std::abs(b.grad()[0][0].item<double>() + 2 / norm) < 1e-5);
}

TEST_CASE("the learning rate rises, falls and ends") {
    const train::Schedule schedule{.peak = 1, .least = 0.1, .warmup_steps = 10, .total_steps = 110};
    CHECK(std::abs(schedule.at(0) - 0.1) < 1e-12);
    CHECK(std::abs(schedule.at(9) - 1) < 1e-12);
    CHECK(std::abs(schedule.at(60) - 0.55) < 1e-9);
    CHECK(std::abs(schedule.at(110) - 0.1) < 1e-9);
    CHECK(cli::value_of<train::Warmup>("5%").steps_of(200) == 10);
    CHECK(cli::value_of<train::Warmup>("2k").steps_of(200) == 2000);
    CHECK_THROWS_AS(cli::value_of<train::Warmup>("x").steps_of(1), cli::UsageError);
    for (const char* text : {"0", "2000", "5%", "0.5%"})
        CHECK(to_text(cli::value_of<train::Warmup>(text)) == text);
    for (const char* text : {"", "-1", "101%", "%"})
        CHECK_THROWS_AS(cli::value_of<train::Warmup>(text), cli::UsageError);
}

TEST_CASE("checkpoints by steps or by time") {
    CHECK(cli::value_of<train::CheckpointInterval>("2k").steps == 2000);
    CHECK(cli::value_of<train::CheckpointInterval>("30m").seconds == 1800);
    CHECK(cli::value_of<train::CheckpointInterval>("30m").steps == 0);
    for (const char* text : {"1000", "1800s"})
        CHECK(to_text(cli::value_of<train::CheckpointInterval>(text)) == text);
    for (const char* text : {"", "0", "0s", "1.5", "m", "5d"})
        CHECK_THROWS_AS(cli::value_of<train::CheckpointInterval>(text), cli::UsageError);
}
