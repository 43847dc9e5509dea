// FLAIR's losses and its pooling over patches against reference numbers, finite differences and
// identities.
#include "loss/llip.h"
#include "loss/sigmoid.h"
#include "model/language_image_model.h"
#include "model/mixing.h"
#include "tests/support/golden.h"
#include "tests/support/gradients.h"
#include "tests/support/small_step.h"
#include "tests/support/stand_in_device.h"
#include "train/negatives.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

using namespace lip;
using at::Tensor;
using loss::Llip;
using test::difference;
using test::gradient_error;
using test::leaf;
using test::scalar;

namespace {

using FlairInputs = std::map<std::string, Tensor>;
constexpr const char* kFlairCases[] = {"base", "one_text", "many_texts"};

FlairInputs flair_inputs(const nlohmann::json& c, at::ScalarType type) {
    FlairInputs x;
    for (const auto& [name, value] : c["inputs"].items())
        x[name] = leaf(test::to_tensor(value).to(type));
    return x;
}

// From what the towers give to what the losses take, as PyTorch writes it.
loss::TextConditioned asked(const FlairInputs& x, std::int64_t heads) {
    const Tensor text = x.at("text").flatten(0, 1), tokens = x.at("tokens");
    const std::int64_t d = text.size(-1);
    const auto normed = [&](const Tensor& y, const std::string& name) {
        return at::layer_norm(y, {d}, x.at(name + ".gain"), x.at(name + ".shift"), 1e-5);
    };
    const auto and_empty = [](const Tensor& y) { return at::constant_pad_nd(y, {0, 0, 0, 1}); };
    return {.q = at::linear(normed(text, "ln_q"), x.at("W_q"), x.at("b_q")) /
                 std::sqrt(static_cast<double>(d / heads)),
            .keys = and_empty(at::linear(normed(tokens, "ln_k"), x.at("W_k"), x.at("b_k"))),
            .values = and_empty(at::linear(normed(tokens, "ln_v"), x.at("W_v"), x.at("b_v"))),
            .output = x.at("W_o"),
            .targets = tensor::unit(text),
            .output_bias = x.at("b_o")};
}

// Texts of each other image as the reference has them [B, B - 1], with a place for the own one.
Tensor drawn_of(const nlohmann::json& c) {
    const Tensor others = test::to_tensor(c["drawn"]).to(at::kLong);
    const std::int64_t b = others.size(0);
    Tensor drawn = at::zeros({b, b}, at::kLong);
    for (std::int64_t i = 0; i < b; ++i)
        for (std::int64_t n = 0; n + 1 < b; ++n) drawn[i][n < i ? n : n + 1] = others[i][n];
    return drawn;
}

struct FlairLosses {
    Tensor tcs, mps;
    Tensor flair() const { return (tcs + mps) / 2; }
};

FlairLosses losses_of(const FlairInputs& x, const Llip& options) {
    const loss::TextConditioned pairs = asked(x, options.heads);
    const Tensor text = x.at("text");
    return {loss::llip_loss(pairs, {}, x.at("log_scale"), x.at("bias"), options),
            loss::multi_positive_sigmoid(tensor::unit(x.at("image")), tensor::unit(text), {},
                                         x.at("log_scale"), x.at("bias"))};
}

// As in the golden case "base".
FlairInputs random_flair(std::int64_t images, std::int64_t texts, std::int64_t patches) {
    const at::Generator g = at::detail::createCPUGenerator(23);
    const auto normal = [&](at::IntArrayRef shape) {
        return leaf(at::randn(shape, g, at::TensorOptions(at::kDouble)));
    };
    FlairInputs x{{"image", normal({images, 8})},
                  {"tokens", normal({images, patches, 8})},
                  {"text", normal({images, texts, 8})},
                  {"log_scale", leaf(scalar(1.3))},
                  {"bias", leaf(scalar(-2))}};
    for (const char* name : {"q", "k", "v", "o"}) {
        x["W_" + std::string(name)] = normal({8, 8});
        x["b_" + std::string(name)] = normal({8});
        x["ln_" + std::string(name) + ".gain"] = normal({8});
        x["ln_" + std::string(name) + ".shift"] = normal({8});
    }
    return x;
}

std::vector<Tensor> flair_gradients(const FlairInputs& x, const Tensor& loss) {
    for (const auto& [name, value] : x) value.mutable_grad() = Tensor();
    loss.backward();
    std::vector<Tensor> all;
    for (const auto& [name, value] : x)
        all.push_back(value.grad().defined() ? value.grad() : at::zeros_like(value));
    return all;
}

}  // namespace

TEST_CASE("flair: losses and all gradients equal the reference in every block size") {
    const auto golden = test::read_golden("flair.json");
    for (const char* name : kFlairCases)
        for (const auto type : {at::kDouble, at::kFloat})
            for (const std::int64_t chunk : {1, 3, 0})
                for (const double tile : {0.0, 64.0})
                    for (const bool recompute : {false, true}) {
                        CAPTURE(name);
                        CAPTURE(chunk);
                        const auto& c = golden[name];
                        const double tolerance = type == at::kDouble ? 1e-9 : 2e-5;
                        Llip options{.heads = c["heads"].get<std::int64_t>(),
                                     .tau = 1,
                                     .texts_per_image =
                                         static_cast<std::int64_t>(c["inputs"]["text"][0].size()),
                                     .tile_mib = tile,
                                     .text_chunk = chunk,
                                     .recompute = recompute};
                        const FlairInputs x = flair_inputs(c, type);
                        CHECK(difference(loss::llip_scores(asked(x, options.heads), options),
                                         test::to_tensor(c["cosines"])) < tolerance);
                        const FlairLosses all = losses_of(x, options);
                        options.drawn = drawn_of(c);
                        const FlairLosses drawn = losses_of(x, options);
                        const std::map<std::string, Tensor> found{{"tcs_all", all.tcs},
                                                                  {"mps", all.mps},
                                                                  {"flair_all", all.flair()},
                                                                  {"tcs_drawn", drawn.tcs},
                                                                  {"flair", drawn.flair()}};
                        for (const auto& [key, value] : found)
                            CHECK(difference(value, scalar(c["loss"][key])) < tolerance);
                        for (const char* key : {"tcs_all", "flair"}) {
                            flair_gradients(x, found.at(key));
                            for (const auto& [parameter, value] : x) {
                                CAPTURE(parameter);
                                const Tensor wanted =
                                    test::to_tensor(c["grad"][key][parameter]).view(value.sizes());
                                if (value.grad().defined())
                                    CHECK(difference(value.grad(), wanted) < tolerance);
                                else
                                    CHECK(wanted.abs().max().item<double>() == 0);
                            }
                        }
                    }
}

TEST_CASE("flair: the model's pooling equals the reference") {
    const auto golden = test::read_golden("flair.json");
    for (const char* name : kFlairCases) {
        CAPTURE(name);
        const auto& c = golden[name];
        const FlairInputs x = flair_inputs(c, at::kFloat);
        model::ModelConfig config = test::small_config(train::find_method("flair"));
        config.embed_dim = x.at("text").size(-1);
        config.flair.heads = c["heads"];
        model::Parameters parameters(1);
        const model::Readout readout(parameters, config);
        const auto take = [&](const std::string& ours, const Tensor& value) {
            for (const auto& [key, parameter] : parameters.all())
                if (key == "readout." + ours) Tensor(parameter).set_data(value.detach().clone());
        };
        for (const auto& [ours, theirs] :
             {std::pair{"query", "q"}, {"key", "k"}, {"value", "v"}, {"output", "o"}}) {
            take(std::string(ours) + ".weight", x.at(std::string("W_") + theirs));
            take(std::string(ours) + ".bias", x.at(std::string("b_") + theirs));
        }
        for (const auto& [ours, theirs] :
             {std::pair{"ln_text", "ln_q"}, {"ln_key", "ln_k"}, {"ln_value", "ln_v"}}) {
            take(std::string(ours) + ".weight", x.at(std::string(theirs) + ".gain"));
            take(std::string(ours) + ".bias", x.at(std::string(theirs) + ".shift"));
        }
        const at::NoGradGuard no_grad;
        const Tensor text = x.at("text").flatten(0, 1);
        const model::MixedImages mixed =
            model::mix(readout.of_images(x.at("tokens")), readout.query({}, text), readout.output(),
                       readout.output_bias(), readout.heads);
        CHECK(difference(mixed.weights, test::to_tensor(c["weights"])) < 2e-5);
        CHECK(difference((mixed.vectors * tensor::unit(text)).sum(-1),
                         test::to_tensor(c["cosines"])) < 2e-5);
    }
}

TEST_CASE("flair: what changes nothing") {
    const FlairInputs x = random_flair(4, 3, 5);
    const Llip options{.heads = 2, .tau = 1, .texts_per_image = 3};
    const Tensor expected = losses_of(x, options).tcs.detach();
    FlairInputs turned = x;
    turned.at("tokens") = x.at("tokens").flip(1);
    CHECK(difference(losses_of(turned, options).tcs, expected) < 1e-12);
    // With one text an image there is nothing to draw.
    const FlairInputs one = random_flair(4, 1, 5);
    CHECK(difference(
              losses_of(one, {.heads = 2, .tau = 1, .drawn = at::zeros({4, 4}, at::kLong)}).tcs,
              losses_of(one, {.heads = 2, .tau = 1}).tcs.detach()) < 1e-12);
    // A query of 0 asks all patches and the empty one alike.
    loss::TextConditioned pairs = asked(x, 2);
    const model::MixedImages even =
        model::mix({pairs.keys, pairs.values}, at::zeros({1, 8}).to(at::kDouble), pairs.output,
                   pairs.output_bias, 2);
    CHECK(difference(even.weights, at::full({4, 1, 2, 6}, 1 / 6.0, at::kDouble)) < 1e-12);
}

TEST_CASE("flair: shares of several processes add up, gathered or some texts at a time") {
    const std::int64_t n = 4, k = 3;
    const FlairInputs x = random_flair(n, k, 5);
    Tensor valid = at::ones({n, k}, at::kBool);
    valid[2].fill_(false);  // an image of which nothing is said: negatives alone
    valid[3][1] = false;
    const Tensor bits = at::arange(n) * 7919 + 5;
    for (const bool draws : {false, true}) {
        const Tensor drawn = draws ? train::draw_negatives(bits, bits, valid) : Tensor();
        const auto share = [&](std::int64_t begin, std::int64_t end, std::int64_t first,
                               std::int64_t last) {
            loss::TextConditioned pairs = asked(x, 2);
            pairs.keys = pairs.keys.slice(0, begin, end);
            pairs.values = pairs.values.slice(0, begin, end);
            pairs.q = pairs.q.slice(0, first * k, last * k);
            pairs.targets = pairs.targets.slice(0, first * k, last * k);
            const bool some = first > 0 || last < n;
            return loss::llip_loss(
                pairs, valid.slice(0, first, last).flatten(), x.at("log_scale"), x.at("bias"),
                {.heads = 2,
                 .tau = 1,
                 .texts_per_image = k,
                 .own_begin = begin - first,
                 .count = some ? valid.sum().item<std::int64_t>() : 0,
                 .drawn = draws ? drawn.slice(0, begin, end).slice(1, first, last) : Tensor(),
                 .images = some ? n : 0});
        };
        const Tensor whole = share(0, n, 0, n);
        const auto wanted = flair_gradients(x, whole);
        for (const std::int64_t ranks : {2, 4})
            for (const bool ring : {false, true}) {
                Tensor sum = scalar(0);
                for (std::int64_t r = 0; r < ranks; ++r)
                    for (std::int64_t s = 0; s < (ring ? ranks : 1); ++s)
                        sum = sum + share(r * n / ranks, (r + 1) * n / ranks,
                                          ring ? s * n / ranks : 0, ring ? (s + 1) * n / ranks : n);
                CHECK(difference(sum, whole.detach()) < 1e-12);
                const auto found = flair_gradients(x, sum);
                for (std::size_t i = 0; i < wanted.size(); ++i)
                    CHECK(difference(found[i], wanted[i]) < 1e-12);
            }
    }
}

TEST_CASE("flair gradients agree with central differences") {
    const FlairInputs x = random_flair(3, 2, 4);
    const Tensor drawn = at::tensor({0, 1, 0, 1, 0, 1, 1, 1, 0}, at::kLong).view({3, 3});
    for (const auto& [name, value] : x) {
        if (name == "image" || name.starts_with("ln_o")) continue;
        CAPTURE(name);
        const auto f = [&, key = name](const Tensor& y) {
            FlairInputs moved = x;
            moved.at(key) = y;
            return losses_of(moved, {.heads = 2, .tau = 1, .texts_per_image = 2, .drawn = drawn})
                .tcs;
        };
        CHECK(gradient_error(f, value.detach()) < 1e-7);
    }
}

TEST_CASE("flair runs on another device without stray CPU tensors") {
    const FlairInputs x = random_flair(3, 2, 4);
    FlairInputs away;
    for (const auto& [name, value] : x)
        away[name] = leaf(value.detach().to(at::kFloat).to(test::kStandIn));
    const Tensor drawn = at::zeros({3, 3}, at::kLong);
    Llip options{.heads = 2, .tau = 1, .texts_per_image = 2, .drawn = drawn};
    const Tensor here = losses_of(x, options).flair();
    options.drawn = drawn.to(test::kStandIn);
    const Tensor there = losses_of(away, options).flair();
    CHECK(difference(there, here.detach()) < 1e-5);
    there.backward();
    CHECK(away.at("b_o").grad().isfinite().all().item<bool>());
}

TEST_CASE("negatives are drawn evenly among valid texts, the same for whoever draws") {
    const std::int64_t images = 400, slots = 4;
    Tensor bits = at::empty({images}, at::kLong);
    for (std::int64_t i = 0; i < images; ++i)
        bits[i] = static_cast<std::int64_t>(record::mix64(static_cast<std::uint64_t>(i) + 1));
    Tensor valid = at::ones({images, slots}, at::kBool);
    valid.slice(0, 0, images, 2).select(1, 1).fill_(false);
    valid[7].fill_(false);
    const Tensor drawn = train::draw_negatives(bits, bits, valid);
    CHECK(drawn.slice(1, 0, images, 2).ne(1).all().item<bool>());
    CHECK(drawn.select(1, 7).eq(0).all().item<bool>());
    const Tensor of_four = drawn.slice(1, 9, images, 2), of_three = drawn.slice(1, 0, images, 2);
    for (std::int64_t k = 0; k < slots; ++k) {
        CHECK(std::abs(of_four.eq(k).to(at::kDouble).mean().item<double>() - 0.25) < 0.01);
        if (k != 1)
            CHECK(std::abs(of_three.eq(k).to(at::kDouble).mean().item<double>() - 1 / 3.0) < 0.01);
    }
    // A part of the images, in another order.
    const Tensor order = at::tensor({5, 300, 2}, at::kLong);
    CHECK(train::draw_negatives(bits.index_select(0, order), bits, valid)
              .equal(drawn.index_select(0, order)));
    CHECK(train::draw_negatives(bits, bits.index_select(0, order), valid.index_select(0, order))
              .equal(drawn.index_select(1, order)));
}
