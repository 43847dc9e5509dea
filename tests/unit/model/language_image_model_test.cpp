// The towers: packing of texts, names, devices.
#include "model/language_image_model.h"

#include "cli/error.h"
#include "tests/support/golden.h"
#include "tests/support/stand_in_device.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

using namespace lip;
using at::Tensor;

namespace {

model::ModelConfig small_config() {
    model::ModelConfig config = model::load_arch("demo");
    config.vision.width = 32;
    config.vision.head_width = 16;
    config.vision.layers = 2;
    config.text.width = 32;
    config.text.layers = 2;
    config.text.heads = 2;
    config.text.vocab_size = 50;
    config.embed_dim = 16;
    return config;
}

const std::vector<model::TokenIds> kTexts = {
    {1, 7, 9, 2}, {1, 5, 2}, {1, 8, 8, 8, 4, 2}, {1, 6, 2}};

}  // namespace

TEST_CASE("packed texts equal texts embedded one by one, in the order given") {
    const at::NoGradGuard no_grad;
    const model::LanguageImageModel model(small_config(), 1);
    const Tensor together = model.embed_texts(model::pack_texts(kTexts));
    for (std::size_t i = 0; i < kTexts.size(); ++i) {
        const Tensor alone = model.embed_texts(model::pack_texts(std::span(&kTexts[i], 1)));
        CHECK((together[static_cast<std::int64_t>(i)] - alone[0]).abs().max().item<double>() <
              1e-6);
    }
}

TEST_CASE("a text's feature does not depend on what follows its end token (causal mask)") {
    const at::NoGradGuard no_grad;
    const model::LanguageImageModel model(small_config(), 1);
    model::PackedTexts padded =
        model::pack_texts(std::vector<model::TokenIds>{{1, 5, 2, 0, 0, 0, 0}});
    padded.last = at::tensor({2}, at::kLong);
    const Tensor cut =
        model.embed_texts(model::pack_texts(std::vector<model::TokenIds>{{1, 5, 2}}));
    CHECK((model.embed_texts(padded) - cut).abs().max().item<double>() < 1e-6);
}

TEST_CASE("weights start the same for the same seed and differ for another") {
    const model::LanguageImageModel a(small_config(), 3), b(small_config(), 3),
        c(small_config(), 4);
    bool differs = false;
    for (std::size_t i = 0; i < a.parameters.all().size(); ++i) {
        CHECK(at::equal(a.parameters.all()[i].second, b.parameters.all()[i].second));
        differs |= !at::equal(a.parameters.all()[i].second, c.parameters.all()[i].second);
    }
    CHECK(differs);
}

TEST_CASE("parameter counts are those of open_clip") {
    const std::pair<const char*, std::int64_t> known[] = {{"ViT-S-16", 62257537},
                                                          {"ViT-B-32", 151277313}};
    for (const auto& [name, count] : known)
        CHECK(model::LanguageImageModel(model::load_arch(name), 0).parameters.count() == count);
}

TEST_CASE("a configuration survives writing and reading; unknown keys are refused") {
    const model::ModelConfig config = small_config();
    const std::string text = model::to_json(config);
    CHECK(model::to_json(model::parse_config(text, "x")) == text);
    CHECK_THROWS_AS(model::parse_config(
                        R"({"embed_dim":8,"vision_cfg":{"image_size":8,"patch_size":8,"width":64,
        "timm_model_name":"x"},"text_cfg":{}})",
                        "x"),
                    cli::DataError);
}

TEST_CASE("attention pooling: its configuration, its weights, what it refuses") {
    model::ModelConfig config = small_config();
    config.vision.class_token = true;
    config.vision.pool_type = "tok";
    config.vision.attentional_pool = true;
    config.vision.attn_pooler_queries = 3;
    config.vision.attn_pooler_heads = 4;
    const std::string json = model::to_json(config);
    CHECK(model::to_json(model::parse_config(json, "c")) == json);
    const auto changed = [&](const std::string& from, const std::string& to) {
        std::string text = json;
        text.replace(text.find(from), from.size(), to);
        return text;
    };
    // open_clip has kinds of two poolers, which are not its usual one.
    CHECK_THROWS_WITH_AS(model::parse_config(changed("pool\": true", "pool\": \"parallel\""), "c"),
                         "c.vision_cfg.attentional_pool: \"parallel\" is not supported (only true)",
                         cli::DataError);
    CHECK_THROWS_AS(model::parse_config(changed("heads\": 4", "heads\": 3"), "c"), cli::DataError);
    CHECK_THROWS_AS(model::parse_config(changed("queries\": 3", "queries\": 0"), "c"),
                    cli::DataError);

    const Tensor pixels = at::randint(0, 256, {2, 3, 48, 48}, at::TensorOptions(at::kByte));
    for (const char* pool : {"tok", "avg"}) {
        config.vision.pool_type = pool;
        const model::LanguageImageModel model(config, 1);
        const Tensor features = model.embed_images(pixels);
        CHECK(features.sizes() == at::IntArrayRef{2, 16});
        // Only the queries that are read have a gradient.
        features.select(1, 0).sum().backward();
        for (const auto& [name, value] : model.parameters.all()) {
            if (name != "visual.attn_pool.query") continue;
            const Tensor per_query = value.grad().abs().sum(1);
            CHECK((per_query[0].item<double>() > 0) == (config.vision.pool_type == "tok"));
            CHECK((per_query[2].item<double>() > 0) == (config.vision.pool_type == "avg"));
        }
        CHECK_THROWS_AS(model.embed_patches(pixels, model::DenseAttention::kPlain), cli::DataError);
    }
}

TEST_CASE("weights that do not fit are listed") {
    model::LanguageImageModel model(small_config(), 1);
    tensor::NamedTensors source = model.parameters.all();
    source.pop_back();
    source.emplace_back("extra", at::zeros({2}));
    try {
        model.parameters.load(source, "here");
        FAIL("accepted");
    } catch (const cli::DataError& error) {
        const std::string text = error.what();
        CHECK(text.find("missing logit_scale") != text.npos);
        CHECK(text.find("surplus extra [2]") != text.npos);
    }
}

TEST_CASE("forward and backward on another device equal the CPU's") {
    model::LanguageImageModel here(small_config(), 5), there(small_config(), 5);
    there.to(test::kStandIn);
    const Tensor pixels = at::randint(0, 256, {3, 3, 48, 48}, at::kByte);
    const model::PackedTexts texts = model::pack_texts(kTexts);
    const auto sum = [&](const model::LanguageImageModel& m) {
        return m.embed_images(pixels).select(1, 0).sum() + m.embed_texts(texts).select(1, 1).sum();
    };
    const Tensor a = sum(here), b = sum(there);
    a.backward();
    b.backward();
    CHECK(std::abs(a.item<double>() - b.item<double>()) < 1e-5);
    for (std::size_t i = 0; i < here.parameters.all().size(); ++i) {
        const auto& [name, parameter] = here.parameters.all()[i];
        CAPTURE(name);
        if (name == "logit_scale") continue;
        CHECK(test::difference(there.parameters.all()[i].second.grad(), parameter.grad()) < 1e-5);
    }
}

TEST_CASE("the output of a block: the last one, normalised and projected, is the joint space") {
    const at::NoGradGuard no_grad;
    const model::LanguageImageModel model(small_config(), 6);
    const model::VisionTower& tower = model.vision;
    const auto blocks = std::ssize(tower.blocks);
    const Tensor pixels = model.normalize(at::randint(0, 256, {2, 3, 48, 48}, at::kByte));
    const Tensor last = tower.block_output(pixels, -1);
    CHECK(last.sizes() == at::IntArrayRef({2, 36, tower.config.width}));
    CHECK(last.equal(tower.block_output(pixels, blocks)));
    CHECK(tower.ln_post(last)
              .matmul(tower.proj)
              .equal(tower.patches(pixels, model::DenseAttention::kPlain)));
    // One block more leads from the last but one to the last; without the class token's row it
    // would not.
    CHECK(tower.block_output(pixels, -2).equal(tower.block_output(pixels, blocks - 1)));
    CHECK(!tower.block_output(pixels, -2).equal(last));
    CHECK(tower.block_output(pixels, 0).sizes() == last.sizes());
    CHECK_THROWS_AS(tower.block_output(pixels, blocks + 1), cli::UsageError);
    CHECK_THROWS_AS(tower.block_output(pixels, -blocks - 1), cli::UsageError);
}

TEST_CASE("patch features: one for each patch, of unit length, for every way of attending") {
    const at::NoGradGuard no_grad;
    const model::LanguageImageModel model(small_config(), 6);
    const Tensor pixels = at::randint(0, 256, {2, 3, 48, 48}, at::kByte);
    Tensor before;
    for (const auto attention : {model::DenseAttention::kPlain, model::DenseAttention::kCsa,
                                 model::DenseAttention::kValue}) {
        const Tensor patches = model.embed_patches(pixels, attention);
        CHECK(patches.sizes() == at::IntArrayRef({2, 36, 16}));
        CHECK((patches.norm(2, -1) - 1).abs().max().item<double>() < 1e-5);
        if (before.defined()) CHECK(!at::allclose(before, patches));
        before = patches;
    }
}
