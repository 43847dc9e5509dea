// A training step of every method, on the CPU and on the stand-in accelerator; optimiser and
// schedule.
#include "train/step.h"
#include "train/optimizer.h"
#include "train/schedule.h"

#include "cli/error.h"
#include "tests/support/golden.h"
#include "tests/support/stand_in_device.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <doctest/doctest.h>

#include <cmath>

using namespace lip;
using at::Tensor;

namespace {

model::ModelConfig small_config(const train::Method& method) {
    model::ModelConfig config = model::load_arch("demo");
    config.vision.width = 32;
    config.vision.head_width = 16;
    config.vision.layers = 1;
    config.text.width = 32;
    config.text.layers = 1;
    config.text.vocab_size = 40;
    config.embed_dim = 16;
    method.configure(config);
    return config;
}

train::Batch small_batch(std::int64_t images, std::int64_t slots) {
    const at::Generator generator = at::detail::createCPUGenerator(7);
    train::Batch batch;
    batch.pixels =
        at::randint(0, 256, {images, 3, 48, 48}, generator, at::TensorOptions(at::kByte));
    batch.valid = at::ones({images, slots}, at::kBool);
    for (std::int32_t i = 0; i < images * slots; ++i) {
        model::TokenIds ids = {1};
        for (std::int32_t n = 0; n <= i % 11; ++n) ids.push_back(5 + (i * 7 + n * 3) % 30);
        ids.push_back(2);
        batch.texts.push_back(ids);
    }
    if (slots > 1) batch.valid[2][1] = false;
    return batch;
}

}  // namespace

TEST_CASE("every method takes the same three steps on the CPU and on another device") {
    for (const train::Method& method : train::methods()) {
        CAPTURE(std::string(method.name));
        const train::Batch batch = small_batch(4, method.texts_per_image);
        model::LanguageImageModel here(small_config(method), 1), there(small_config(method), 1);
        there.to(test::kStandIn);
        train::AdamW a(here.parameters.all(), {}), b(there.parameters.all(), {});
        double first = 0, last = 0;
        for (int step = 0; step < 3; ++step) {
            a.zero_grad();
            b.zero_grad();
            const Tensor x = train::forward_backward(method, here, batch, at::kFloat);
            const Tensor y = train::forward_backward(method, there, batch, at::kFloat);
            const double norm = a.clip_gradients(1).item<double>();
            CHECK(std::abs(norm - b.clip_gradients(1).item<double>()) < 1e-3 * norm);
            CHECK(std::abs(x.item<double>() - y.item<double>()) < 1e-4);
            a.step(1e-2);
            b.step(1e-2);
            here.clamp_scale();
            there.clamp_scale();
            if (step == 0) first = x.item<double>();
            last = x.item<double>();
        }
        CHECK(last < first);
    }
}

TEST_CASE("a batch in parts has the gradients of the whole, the same for 1, 2 and 3 threads") {
    const train::Method& method = train::find_method("dreamlip");
    const train::Batch batch = small_batch(37, 3);  // three parts of unequal size
    const auto gradients = [&](int threads) {
        const int before = at::get_num_threads();
        at::set_num_threads(threads);
        model::LanguageImageModel m(small_config(method), 1);
        const Tensor loss = train::forward_backward(method, m, batch, at::kFloat);
        at::set_num_threads(before);
        std::vector<Tensor> all = {loss};
        for (const auto& named : m.parameters.all()) all.push_back(named.second.grad());
        return all;
    };
    model::LanguageImageModel m(small_config(method), 1);
    const Tensor loss =
        method.loss(m, m.embed_images(batch.pixels),
                    m.embed_texts(model::pack_texts(batch.texts)).view({37, 3, -1}), batch.valid);
    loss.backward();
    std::vector<Tensor> whole = {loss.detach()};
    for (const auto& named : m.parameters.all()) whole.push_back(named.second.grad());

    const auto one = gradients(1), two = gradients(2), three = gradients(3);
    REQUIRE(one.size() == whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
        CAPTURE(i);
        CHECK((one[i] - whole[i]).abs().max().item<double>() <
              1e-5 * (1e-2 + whole[i].abs().max().item<double>()));
        CHECK(at::equal(one[i], two[i]));
        CHECK(at::equal(one[i], three[i]));
    }
}

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
    CHECK(train::parse_warmup("5%", 200) == 10);
    CHECK(train::parse_warmup("2k", 200) == 2000);
    CHECK_THROWS_AS(train::parse_warmup("x", 1), cli::UsageError);
}
