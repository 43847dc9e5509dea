#include "detect/owlv2.h"

#include "cli/error.h"
#include "detect/owlv2_checkpoint.h"
#include "model/checkpoint.h"
#include "tests/support/golden.h"
#include "tests/support/stand_in_device.h"
#include "tests/unit/detect/small_owlv2.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

namespace lip::detect {
namespace {

using at::Tensor;

model::Linear linear(const nlohmann::json& inputs, const std::string& name) {
    return {test::to_tensor(inputs[name + ".w"]), test::to_tensor(inputs[name + ".b"])};
}

ThreeLayers three(const nlohmann::json& inputs, const std::string& name) {
    return {linear(inputs, name + "0"), linear(inputs, name + "1"), linear(inputs, name + "2")};
}

TEST_CASE("OWLv2's heads give the reference's numbers") {
    const nlohmann::json golden = test::read_golden("cloc.json");
    const nlohmann::json& c = test::golden_case(golden, "owlv2_heads");
    const nlohmann::json& in = c["inputs"];
    Owlv2Heads heads;
    const model::Linear merge = linear(in, "merge_ln");
    heads.merge.weight = merge.weight, heads.merge.bias = merge.bias;
    heads.dense0 = linear(in, "cls");
    heads.logit_shift = linear(in, "shift"), heads.logit_scale = linear(in, "scale");
    heads.box = three(in, "box"), heads.objectness = three(in, "obj");

    const auto grid = c["grid"].get<std::int64_t>();
    const Tensor tokens = test::to_tensor(in["tokens"]);  // class token first
    const Tensor x = heads.features(tokens.slice(0, 1), tokens[0]);
    CHECK(test::difference(x, test::to_tensor(c["features"])) < 1e-9);

    const Tensor queries = test::to_tensor(in["queries"]);
    const Tensor all = heads.logits(x, queries);
    CHECK(test::difference(all, test::to_tensor(c["logits"])) < 1e-9);
    const Tensor is_query = test::to_tensor(c["query_ok"]) != 0;
    const auto [best, label] = heads.logits(x, queries, is_query).max(-1);
    CHECK(test::difference(best.sigmoid(), test::to_tensor(c["score"])) < 1e-9);
    CHECK(label.equal(test::to_tensor(c["label"]).to(at::kLong)));

    CHECK(test::difference(box_bias(grid), test::to_tensor(c["box_bias"])) < 2e-5);
    const Tensor boxes = heads.boxes(x, grid);
    CHECK(test::difference(boxes, test::to_tensor(c["boxes_cxcywh"])) < 2e-5);
    CHECK(test::difference(heads.objectness_logits(x), test::to_tensor(c["objectness_logit"])) <
          1e-9);
}

TEST_CASE("objectness leaves the features alone") {
    const Owlv2 model(small_owlv2(), 1);
    const Tensor features = at::randn({1, 16, 24}).requires_grad_();
    CHECK_FALSE(model.heads.objectness_logits(features).grad_fn() == nullptr);
    const Tensor sum = model.heads.objectness_logits(features).sum();
    sum.backward();
    CHECK_FALSE(features.grad().defined());
}

TEST_CASE("OWLv2 takes images of other sizes, positions interpolated") {
    const at::NoGradGuard no_grad;
    const Owlv2 model(small_owlv2(), 1);
    for (const std::int64_t side : {32, 16, 48}) {
        const Tensor x = model.features(at::randn({2, 3, side, side}), at::kFloat);
        CHECK(x.sizes() == at::IntArrayRef{2, (side / 8) * (side / 8), 24});
        CHECK(model.heads.boxes(x, side / 8).sizes() == at::IntArrayRef{2, x.size(1), 4});
    }
}

TEST_CASE("OWLv2 on another device equals the CPU's") {
    const at::NoGradGuard no_grad;
    const Owlv2 here(small_owlv2(), 5);
    Owlv2 there(small_owlv2(), 5);
    there.to(test::kStandIn);
    const Tensor pixels = at::randn({2, 3, 32, 32});
    const std::vector<model::TokenIds> ids = {{1, 5, 9, 2}, {1, 7, 2}};
    const model::PackedTexts texts = model::pack_texts(ids, here.config.text);
    const Tensor x = here.features(pixels, at::kFloat), y = there.features(pixels, at::kFloat);
    const Tensor q = here.queries(texts, at::kFloat), r = there.queries(texts, at::kFloat);
    CHECK(test::difference(there.heads.logits(y, r), here.heads.logits(x, q)) < 1e-5);
    CHECK(test::difference(there.heads.boxes(y, 4), here.heads.boxes(x, 4)) < 1e-5);
    CHECK(test::difference(there.heads.objectness_logits(y), here.heads.objectness_logits(x)) <
          1e-5);
}

TEST_CASE("a checkpoint of a detector reads back, and is no model for other tools") {
    const shard::TempFolder folder;
    const auto checkpoint = write_owlv2(folder / "owl");
    const LoadedOwlv2 loaded = load_owlv2(checkpoint, at::kCPU);
    CHECK(loaded.model->config.vision.image_size == 32);
    CHECK(loaded.model->config.vision.activation == model::Activation::kQuickGelu);
    CHECK_FALSE(loaded.model->vision.proj.defined());
    const Owlv2 same(small_owlv2(), 3);
    for (std::size_t i = 0; i < same.parameters.all().size(); ++i)
        CHECK(loaded.model->parameters.all()[i].second.equal(same.parameters.all()[i].second));
    CHECK(model::is_detector(checkpoint));
    CHECK_THROWS_WITH_AS(model::load_model(checkpoint, at::kCPU),
                         doctest::Contains("is an OWLv2 detector, which finds boxes only (ground"),
                         cli::DataError);
}

TEST_CASE("a folder of Hugging Face is the same detector, and says all that it lacks") {
    const shard::TempFolder folder;
    const Owlv2 model(small_owlv2(), 5);
    tensor::NamedTensors tensors = hf_tensors(model);
    tensors.emplace_back("owlv2.logit_scale", at::zeros({}));
    tensors.emplace_back("owlv2.visual_projection.weight", at::zeros({12, 24}));
    tensors.emplace_back("box_bias", at::zeros({16, 4}));
    tensors.emplace_back("extra", at::zeros({1}));
    const auto whole = write_hf_owlv2(folder / "hf", tensors);
    const LoadedOwlv2 loaded = load_owlv2(whole, at::kCPU);
    CHECK(loaded.left_out == std::vector<std::string>{"extra"});
    for (std::size_t i = 0; i < model.parameters.all().size(); ++i)
        CHECK(loaded.model->parameters.all()[i].second.equal(model.parameters.all()[i].second));

    std::erase_if(tensors, [](const auto& entry) {
        return entry.first == "layer_norm.weight" ||
               entry.first == "owlv2.text_model.encoder.layers.0.self_attn.k_proj.bias";
    });
    for (auto& [name, value] : tensors)
        if (name == "box_head.dense2.weight") value = at::zeros({3, 24});
    const auto cut = write_hf_owlv2(folder / "cut", tensors);
    for (const char* text : {"layer_norm.weight is missing",
                             "owlv2.text_model.encoder.layers.0.self_attn.k_proj.bias is missing",
                             "box_head.dense2.weight is [3, 24], expected [4, 24]"})
        CHECK_THROWS_WITH_AS(load_owlv2(cut, at::kCPU), doctest::Contains(text), cli::DataError);
}

}  // namespace
}  // namespace lip::detect
