#include "model/lora.h"

#include "cli/error.h"
#include "tests/support/small_step.h"
#include "tests/support/stand_in_device.h"
#include "train/learning.h"
#include "train/step.h"

#include "tests/support/golden.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cmath>
#include <memory>

using namespace lip;
using at::Tensor;

namespace {

// A small model with LoRA, whose B are no zeros.
std::unique_ptr<model::LanguageImageModel> with_lora(const train::Method& method, bool is_trained) {
    model::ModelConfig config = test::small_config(method);
    config.lora = {.rank = 3, .alpha = 6};
    auto model = std::make_unique<model::LanguageImageModel>(config, 1);
    const at::NoGradGuard no_grad;
    std::int64_t n = 0;
    for (const auto& [name, value] : model->parameters.all())
        if (is_trained && name.ends_with(".lora_b"))
            Tensor(value).copy_(0.3 * at::sin(at::arange(value.numel()) + ++n).view(value.sizes()));
    return model;
}

tensor::NamedTensors merged_weights(const model::LanguageImageModel& model) {
    model::ModelConfig config = model.config;
    tensor::NamedTensors weights = model.parameters.all();
    model::merge_lora(config, weights);
    CHECK_FALSE(config.lora.any());
    return weights;
}

}  // namespace

TEST_CASE("LoRA: a model begins as it was, and merged it computes the same") {
    for (const train::Method& method : train::methods()) {
        CAPTURE(std::string(method.name));
        train::Batch batch = test::small_batch(4, method.texts_per_image);
        if (method.regions) test::add_regions(batch);
        const model::LanguageImageModel plain(test::small_config(method), 1);
        for (const bool is_trained : {false, true}) {
            const auto owner = with_lora(method, is_trained);
            const model::LanguageImageModel& lora = *owner;
            model::LanguageImageModel merged(test::small_config(method), 2);
            merged.parameters.load(merged_weights(lora), "merged");
            const auto loss = [&](const model::LanguageImageModel& m) {
                return train::forward_backward(method, m, batch, {}).total;
            };
            CHECK(test::difference(loss(lora), loss(merged)) < 1e-5);
            CHECK(test::difference(lora.embed_images(batch.pixels),
                                   merged.embed_images(batch.pixels)) < 1e-6);
            CHECK((test::difference(lora.embed_images(batch.pixels),
                                    plain.embed_images(batch.pixels)) < 1e-6) != is_trained);
        }
    }
}

TEST_CASE("LoRA: gradients of a block by finite differences") {
    model::Parameters parameters(1);
    const model::BlockShape shape{
        .width = 8, .heads = 2, .hidden = 16, .lora_rank = 2, .lora_scale = 1.5};
    const model::Block block(parameters, "block", shape, model::BlockInit::vision(8, 16));
    parameters.to(at::kDouble);
    const auto options = at::TensorOptions(at::kDouble);
    const Tensor x = at::sin(at::arange(80, options)).view({2, 5, 8});
    const auto loss = [&] {
        return at::sin(
                   block(x, [](const Tensor& qkv) { return model::attend_dense(qkv, 2, false); }))
            .sum();
    };
    int checked = 0;
    for (const auto& [name, value] : parameters.all()) {
        if (!model::is_lora(name)) continue;
        const at::NoGradGuard no_grad;
        Tensor(value).copy_(
            0.3 * at::cos(at::arange(value.numel(), options) + checked).view(value.sizes()));
        ++checked;
    }
    CHECK(checked == 8);
    loss().backward();
    for (const auto& [name, value] : parameters.all()) {
        if (!model::is_lora(name)) continue;
        CAPTURE(name);
        const at::NoGradGuard no_grad;
        Tensor flat = value.detach().view(-1);
        for (const std::int64_t at : {std::int64_t{0}, flat.numel() - 1}) {
            const double was = flat[at].item<double>(), h = 1e-6;
            const auto loss_at = [&](double y) {
                flat[at] = y;
                return loss().item<double>();
            };
            const double slope = (loss_at(was + h) - loss_at(was - h)) / (2 * h);
            flat[at] = was;
            CHECK(std::abs(slope - value.grad().view(-1)[at].item<double>()) < 1e-7);
        }
    }
}

TEST_CASE("LoRA: the weights of its towers have no gradient") {
    const train::Method& method = train::find_method("clip");
    const auto model = with_lora(method, true);
    const train::LearningSettings how{.lora_rank = 3};
    for (const auto& [name, value] : model->parameters.all())
        value.requires_grad_(!train::learns(train::place_of(name, model->config), how, 1).frozen);
    train::forward_backward(method, *model, test::small_batch(3, 1), {});
    for (const auto& [name, value] : model->parameters.all()) {
        CAPTURE(name);
        CHECK(value.grad().defined() == (model::is_lora(name) || name == "logit_scale"));
    }
}

TEST_CASE("LoRA: the same steps on another device, and only of the tower that has it") {
    const train::Method& method = train::find_method("dreamlip");
    const train::Batch batch = test::small_batch(4, method.texts_per_image);
    const auto here = with_lora(method, true), there = with_lora(method, true);
    there->to(test::kStandIn);
    const Tensor x = train::forward_backward(method, *here, batch, {}).total,
                 y = train::forward_backward(method, *there, batch, {}).total;
    CHECK(test::difference(x, y.to(at::kCPU)) < 1e-4);
    const train::LearningSettings settings{.freeze = {"text"}, .lora_rank = 4};
    model::ModelConfig config = test::small_config(method);
    config.lora = train::lora_config(settings);
    CHECK(config.lora.alpha == 4);
    const model::LanguageImageModel one(config, 1);
    for (const auto& [name, value] : one.parameters.all())
        if (model::is_lora(name)) CHECK(name.starts_with("visual."));
    CHECK_THROWS_AS(train::lora_config({.freeze = {"text", "vision"}, .lora_rank = 4}),
                    cli::UsageError);
}

TEST_CASE("LoRA: a matrix without the other is refused, a configuration survives writing") {
    const auto model = with_lora(train::find_method("clip"), false);
    model::ModelConfig config = model::parse_config(model::to_json(model->config), "again");
    CHECK(config.lora.rank == 3);
    CHECK(config.lora.alpha == 6);
    tensor::NamedTensors weights = model->parameters.all();
    std::erase_if(weights,
                  [](const auto& entry) { return entry.first.ends_with("0.mlp.c_fc.lora_b"); });
    CHECK_THROWS_AS(model::merge_lora(config, weights), cli::DataError);
}
