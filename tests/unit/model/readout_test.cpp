// Llip models: mixture tokens, projections, configuration.
#include "model/readout.h"

#include "cli/error.h"
#include "loss/llip.h"
#include "loss/sigmoid.h"
#include "model/language_image_model.h"
#include "tensor/math.h"
#include "tests/support/golden.h"
#include "tests/support/small_llip.h"
#include "tests/support/stand_in_device.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <doctest/doctest.h>

#include <cmath>
#include <map>

using namespace lip;
using at::Tensor;
using test::small_llip;
using test::some_pixels;

namespace {

const std::vector<model::TokenIds> kQueries = {{1, 7, 9, 2}, {1, 5, 2}, {1, 8, 8, 8, 4, 2}};

Tensor loss_of(const model::LanguageImageModel& model, const Tensor& pixels,
               const model::PackedTexts& texts) {
    if (!model.config.is_text_conditioned())
        return loss::sigmoid_loss(model.embed_images(pixels), model.embed_texts(texts),
                                  model.log_scale, model.logit_bias);
    const auto images = model.embed_mixture(pixels);
    const auto queries = model.embed_queries(texts);
    return loss::llip_loss(
        {queries.query, images.keys, images.values, model.readout->output(), queries.target}, {},
        model.log_scale, model.logit_bias, {.heads = model.config.llip.heads, .tau = 1});
}

}  // namespace

TEST_CASE("llip model: weights and shapes") {
    const at::NoGradGuard no_grad;
    const model::LanguageImageModel model(small_llip(), 1);
    std::map<std::string, std::vector<std::int64_t>> shapes;
    for (const auto& [name, value] : model.parameters.all()) shapes[name] = value.sizes().vec();
    using Shape = std::vector<std::int64_t>;
    CHECK(shapes.at("visual.mixture_tokens") == Shape{5, 32});
    CHECK(shapes.at("visual.positional_embedding") == Shape{36, 32});
    CHECK(shapes.at("readout.query.weight") == Shape{16, 24});
    CHECK(shapes.at("readout.key.weight") == Shape{16, 32});
    CHECK(shapes.at("readout.value.weight") == Shape{16, 32});
    CHECK(shapes.at("readout.output.weight") == Shape{16, 16});
    CHECK(shapes.at("text_projection") == Shape{24, 16});
    CHECK(shapes.count("visual.class_embedding") + shapes.count("visual.proj") == 0);

    const auto images = model.embed_mixture(some_pixels(2));
    CHECK(images.keys.sizes() == at::IntArrayRef{2, 5, 16});
    CHECK(images.values.sizes() == at::IntArrayRef{2, 5, 16});
    const model::PackedTexts texts = model::pack_texts(kQueries);
    const auto queries = model.embed_queries(texts);
    CHECK(queries.query.sizes() == at::IntArrayRef{3, 16});
    CHECK(test::difference(queries.target, model.embed_texts(texts)) < 1e-6);
    // The tokens of an image are not all the same: each has a start of its own.
    CHECK((images.values[0][0] - images.values[0][1]).abs().max().item<double>() > 1e-2);
    CHECK(test::difference(model.embed_images(some_pixels(2)),
                           model::uniform_vector(images.values, model.readout->output())) < 1e-6);
    CHECK_THROWS_AS(model.encode_images(some_pixels(2), {.patches = true}), cli::DataError);
    CHECK_THROWS_AS(model.embed_patches(some_pixels(2), model::DenseAttention::kPlain),
                    cli::DataError);
}

TEST_CASE("llip model: mixture tokens stand behind the patches and see them") {
    const at::NoGradGuard no_grad;
    model::LanguageImageModel model(small_llip(), 1);
    const Tensor pixels = some_pixels(1);
    const Tensor before = model.embed_mixture(pixels).keys;
    // Exchanged tokens exchange their outputs: they have no positions.
    const Tensor tokens = model.vision.mixture_tokens,
                 order = at::tensor({4, 1, 2, 3, 0}, at::kLong);
    tokens.copy_(tokens.index_select(0, order).clone());
    CHECK(test::difference(model.embed_mixture(pixels).keys, before.index_select(1, order)) < 1e-5);
    Tensor other = pixels.clone();
    other.slice(2, 0, 8).slice(3, 0, 8).zero_();
    CHECK(test::difference(model.embed_mixture(other).keys, before.index_select(1, order)) > 1e-4);
    // Other sizes than the trained one.
    const Tensor wide = at::zeros({1, 3, 48, 64}, at::kByte);
    CHECK(model.embed_mixture(wide).keys.sizes() == at::IntArrayRef{1, 5, 16});
}

TEST_CASE("llip model: the temperature is in the query, fixed, divided further, or learnt") {
    const model::PackedTexts texts = model::pack_texts(kQueries);
    const auto query = [&](const char* setting) {
        const at::NoGradGuard no_grad;
        return model::LanguageImageModel(small_llip(setting), 1).embed_queries(texts).query;
    };
    const Tensor five = query("llip.temperature=5");
    CHECK(test::difference(query("llip.temperature=2.5"), five * 2) < 1e-6);
    CHECK(test::difference(query("llip.learn_temperature=true"), five) < 1e-6);
    // 8 heads of 2 channels.
    CHECK(test::difference(query("llip.scale=tau_sqrt"), five / std::sqrt(2.0)) < 1e-6);
    CHECK(test::difference(query("llip.layer_norm=true"), five) < 1e-5);  // it was normed before
}

TEST_CASE("llip model: every weight learns, on another device too") {
    for (const char* setting :
         {"llip.heads=4", "llip.learn_temperature=true", "llip.layer_norm=true", "llip.bias=true",
          "llip.class_token=true", "llip.query=projected", "llip.query=projected_unit",
          "llip.mixing=learned", "llip.mixing=average", "llip.mixing=first"}) {
        CAPTURE(setting);
        model::ModelConfig config = small_llip(setting);
        config.has_logit_bias = true;
        model::LanguageImageModel here(config, 1), there(config, 1);
        there.to(test::kStandIn);
        const model::PackedTexts texts = model::pack_texts(kQueries);
        const Tensor a = loss_of(here, some_pixels(3), texts),
                     b = loss_of(there, some_pixels(3), texts);
        a.backward();
        b.backward();
        CHECK(test::difference(b, a.detach()) < 1e-4);
        for (std::size_t i = 0; i < here.parameters.all().size(); ++i) {
            const auto& [name, x] = here.parameters.all()[i];
            CAPTURE(name);
            REQUIRE(x.grad().defined());
            CHECK(x.grad().isfinite().all().item<bool>());
            CHECK(test::difference(there.parameters.all()[i].second.grad(), x.grad()) < 1e-4);
        }
    }
}

TEST_CASE("llip model: what mixes instead of a text") {
    const at::NoGradGuard no_grad;
    const Tensor pixels = some_pixels(2);
    const auto vector_of = [&](const char* setting) {
        return model::LanguageImageModel(small_llip(setting), 1).embed_images(pixels);
    };
    // The weights of a model are drawn by name, so the settings differ in nothing else.
    const model::LanguageImageModel asked(small_llip(), 1);
    const model::MixtureFeatures f = asked.embed_mixture(pixels);
    const Tensor output = asked.readout->output();
    CHECK(test::difference(vector_of("llip.mixing=average"),
                           model::uniform_vector(f.values, output)) < 1e-6);
    CHECK(test::difference(vector_of("llip.mixing=first"),
                           model::uniform_vector(f.values.slice(1, 0, 1), output)) < 1e-6);
    // One query for all texts: what the loss makes of it as the query of a text.
    const model::LanguageImageModel learned(small_llip("llip.mixing=learned"), 1);
    const Tensor query = learned.readout->learned_query.detach();
    const Tensor targets = tensor::unit(at::eye(16));
    const Tensor scores = loss::llip_scores(
        {query.expand({16, 16}), f.keys, f.values, output, targets}, {.heads = 8, .tau = 5});
    CHECK(test::difference(learned.embed_images(pixels).matmul(targets.t()), scores) < 1e-5);
}

TEST_CASE("llip settings survive writing and reading; what they are not is refused") {
    model::ModelConfig config = small_llip("llip.temperature=2.5");
    model::apply_setting(config, "llip.scale=tau_sqrt");
    model::apply_setting(config, "llip.layer_norm=true");
    model::apply_setting(config, "llip.learn_temperature=true");
    const model::ModelConfig read = model::parse_config(model::to_json(config), "x");
    CHECK(read.llip.mixture_tokens == 5);
    CHECK(read.llip.temperature == 2.5);
    CHECK(read.llip.scale == "tau_sqrt");
    CHECK(read.llip.layer_norm);
    CHECK(read.llip.learn_temperature);
    CHECK(model::to_json(read) == model::to_json(config));
    for (const char* wrong :
         {"llip.heads=3", "llip.heads=0", "llip.mixture_tokens=0", "llip.temperature=0",
          "llip.scale=both", "llip.token=1", "llip.layer_norm=2", "llip.mixing=both",
          "llip.query=x", "dreamlip.local_weight=1"})
        CHECK_THROWS_AS(model::apply_setting(config, wrong), cli::UsageError);
    config.vision.pool_type = "map";
    CHECK_THROWS_AS(model::check(config, "x"), cli::DataError);
    // Other methods have no such block in their files.
    config.method = "clip";
    CHECK(model::to_json(config).find("llip\":") == std::string::npos);
}
