// Llip's mixing written out, beside reference numbers; what pictures of it are made from.
#include "model/mixing.h"

#include "loss/llip.h"
#include "model/language_image_model.h"
#include "tensor/math.h"
#include "tests/support/golden.h"
#include "tests/support/small_llip.h"
#include "tests/support/stand_in_device.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <doctest/doctest.h>

using namespace lip;
using at::Tensor;
using test::difference;

namespace {

// Keys, values and W_O of the images of the case "training", which others share.
struct Images {
    model::MixtureFeatures features;
    Tensor output, w_q, w_t;
};
Images golden_images(const nlohmann::json& golden) {
    const auto& x = test::golden_case(golden, "training")["inputs"];
    const Tensor h = test::to_tensor(x["H"]);
    return {{at::linear(h, test::to_tensor(x["W_K"])), at::linear(h, test::to_tensor(x["W_V"]))},
            test::to_tensor(x["W_O"]),
            test::to_tensor(x["W_Q"]),
            test::to_tensor(x["W_T"])};
}

}  // namespace

TEST_CASE("mixing: weights and vectors equal the reference") {
    const auto golden = test::read_golden("llip.json");
    const Images images = golden_images(golden);
    const auto& c = test::golden_case(golden, "training");
    const Tensor q = at::linear(test::to_tensor(c["inputs"]["G"]), images.w_q);
    for (const auto& run : c["runs"]) {
        const model::MixedImages mixed =
            model::mix(images.features, q / run["tau"].get<double>(), images.output, Tensor(), 3);
        CHECK(difference(mixed.weights, test::to_tensor(run["phi"])) < 1e-9);
        CHECK(difference(mixed.vectors, tensor::unit(test::to_tensor(run["z"]))) < 1e-9);
    }
}

TEST_CASE("templates are averaged as the reference does, and classes scored") {
    const auto golden = test::read_golden("llip.json");
    const Images images = golden_images(golden);
    const auto& c = test::golden_case(golden, "inference");
    const Tensor g = test::to_tensor(c["inputs"]["G"]);
    const model::QueryFeatures texts{at::linear(g, images.w_q) / 5,
                                     tensor::unit(at::linear(g, images.w_t))};
    std::vector<Tensor> queries, targets;
    for (const std::int64_t begin : {0, 2}) {  // two templates a class
        const model::QueryFeatures one =
            model::average({texts.query.narrow(0, begin, 2), texts.target.narrow(0, begin, 2)});
        queries.push_back(one.query);
        targets.push_back(one.target);
    }
    const model::QueryFeatures classes{at::cat(queries), at::cat(targets)};
    CHECK(difference(classes.query * 5, test::to_tensor(c["class_query"])) < 1e-9);
    CHECK(difference(classes.target, test::to_tensor(c["class_target"])) < 1e-9);
    const model::MixedImages mixed =
        model::mix(images.features, classes.query, images.output, Tensor(), 3);
    CHECK(difference((mixed.vectors * classes.target).sum(-1), test::to_tensor(c["class_scores"])) <
          1e-9);
}

TEST_CASE("mixing: scores of the loss are cosines with its vectors, on another device too") {
    const at::NoGradGuard no_grad;
    const model::LanguageImageModel model(test::small_llip("llip.heads=8"), 1);
    const model::MixtureFeatures images = model.embed_mixture(test::some_pixels(3));
    const std::vector<model::TokenIds> ids = {{1, 7, 9, 2}, {1, 5, 2}, {1, 8, 8, 2}, {1, 4, 2}};
    const model::QueryFeatures texts = model.embed_queries(model::pack_texts(ids));
    const Tensor output = model.readout->output();
    const model::MixedImages mixed = model::mix(images, texts.query, output, Tensor(), 8);
    CHECK(mixed.weights.sizes() == at::IntArrayRef{3, 4, 8, 5});
    CHECK(difference(mixed.weights.sum(-1), at::ones({3, 4, 8})) < 1e-5);
    const Tensor s = loss::llip_scores(
        {texts.query, images.keys, images.values, output, texts.target}, {.heads = 8, .tau = 1});
    CHECK(difference((mixed.vectors * texts.target).sum(-1), s) < 1e-5);

    const auto there = [](const Tensor& x) { return x.to(test::kStandIn); };
    const model::MixedImages away = model::mix({there(images.keys), there(images.values)},
                                               there(texts.query), there(output), Tensor(), 8);
    CHECK(away.vectors.device() == test::kStandIn);
    CHECK(difference(away.vectors, mixed.vectors) < 1e-5);
}

TEST_CASE("attention of mixture tokens to patches: shares of the last block") {
    const at::NoGradGuard no_grad;
    model::LanguageImageModel model(test::small_llip("llip.heads=8"), 1);
    const Tensor pixels = model.normalize(test::some_pixels(2));
    const Tensor seen = model.vision.mixture_attention(pixels);
    REQUIRE(seen.sizes() == at::IntArrayRef{2, 5, 36});
    CHECK(seen.min().item<double>() >= 0);
    CHECK(seen.sum(-1).max().item<double>() < 1);  // the rest goes to mixture tokens
    // A last block whose queries are 0 attends evenly to 36 patches and 5 tokens.
    model.vision.blocks.back().attention_in.weight.slice(0, 0, 32).zero_();
    model.vision.blocks.back().attention_in.bias.slice(0, 0, 32).zero_();
    CHECK(difference(model.vision.mixture_attention(pixels), at::full({2, 5, 36}, 1.0 / 41)) <
          1e-6);
    model.to(test::kStandIn);
    CHECK(difference(model.vision.mixture_attention(model.normalize(test::some_pixels(2))),
                     at::full({2, 5, 36}, 1.0 / 41)) < 1e-6);
    // Patches of a block are patches alone.
    CHECK(model.vision.block_output(model.normalize(test::some_pixels(2)), -1).size(1) == 36);
}

TEST_CASE("operations of pairs: the tokens of a head are scored, then mixed with W_O in them") {
    model::ModelConfig config = model::load_arch("demo");
    config.method = "llip";
    config.embed_dim = 512;
    const model::LanguageImageModel model(config, 1);  // 64 tokens, 8 heads
    const double once = 2.0 * 64 * 512 * 512, pair = 2.0 * (64 * 512 + 8 * 64 * 512);
    CHECK(model.pair_flops(3, 5) == 3 * once + 15 * pair);
}
