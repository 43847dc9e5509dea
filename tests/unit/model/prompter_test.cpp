// CLOC's Prompter against reference numbers, and the identities that hold for any weights.
#include "model/prompter.h"

#include "image/geometry.h"
#include "loss/region.h"
#include "model/language_image_model.h"
#include "tests/support/golden.h"
#include "tests/support/gradients.h"
#include "tests/support/stand_in_device.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <map>

using namespace lip;
using at::Tensor;
using model::ClocConfig;
using model::ImageMemory;
using model::Prompter;
using test::difference;
using test::leaf;

namespace {

model::ModelConfig small(const ClocConfig& cloc, std::int64_t grid = 3) {
    model::ModelConfig config = model::load_arch("demo");
    config.vision.width = 12;
    config.vision.image_size = 8 * grid;
    config.embed_dim = 5;
    config.regions = true;
    config.cloc = cloc;
    return config;
}

// The Prompter's tensors by the names of the reference.
std::map<std::string, Tensor*> by_name(Prompter& p) {
    std::map<std::string, Tensor*> all = {{"corner", &p.corner}, {"out.w", &p.output}};
    const auto add = [&](const std::string& name, Tensor& weight, Tensor& bias) {
        all[name + ".w"] = &weight;
        all[name + ".b"] = &bias;
    };
    add("text_in", p.phrase_in.weight, p.phrase_in.bias);
    add("text_ln", p.phrase_norm.weight, p.phrase_norm.bias);
    model::PromptLayer& l = p.box_layer;
    add("q", l.query.weight, l.query.bias);
    add("k", l.key.weight, l.key.bias);
    add("v", l.value.weight, l.value.bias);
    add("o", l.out.weight, l.out.bias);
    add("fc1", l.mlp.in.weight, l.mlp.in.bias);
    add("fc2", l.mlp.out.weight, l.mlp.out.bias);
    add("ln1", l.ln_1.weight, l.ln_1.bias);
    add("ln2", l.ln_2.weight, l.ln_2.bias);
    add("lnf", l.ln_f.weight, l.ln_f.bias);
    add("head1", p.head.in.weight, p.head.in.bias);
    add("head2", p.head.out.weight, p.head.out.bias);
    return all;
}

struct Case {
    Tensor tokens = test::random_unit({2, 9, 12}, 1) * 2, boxes, phrases;
    Case() {
        boxes = at::tensor({0.1, 0.2, 0.6, 0.9, 0.0, 0.0, 1.0, 1.0, 0.5, 0.5, 0.7, 0.6,
                            0.3, 0.0, 0.4, 1.0, 0.2, 0.2, 0.3, 0.3, 0.6, 0.1, 0.9, 0.8},
                           at::kDouble)
                    .view({2, 3, 4});
        phrases = test::random_unit({2, 3, 5}, 2) * 3;
    }
};

struct Small {
    model::Parameters parameters;
    Prompter prompter;
    explicit Small(const ClocConfig& cloc) : parameters(3), prompter(parameters, small(cloc)) {
        parameters.to(at::kDouble);
    }
};

}  // namespace

TEST_CASE("box encoding: reference numbers, and corner (0, 0) is 0, 1, 0, 1, ...") {
    const auto golden = test::read_golden("cloc.json");
    int runs = 0;
    for (const auto& run : test::golden_case(golden, "box_pe")["runs"]) {
        const std::int64_t grid = run["grid"], width = run["width"];
        const model::PositionEncoding encode{.kind = grid ? "sinus" : "sinus_2pi", .grid = grid};
        const Tensor corners = test::to_tensor(run["corners"]);
        CHECK(difference(encode(corners, width), test::to_tensor(run["value"])) < 1e-9);
        const Tensor first = encode(corners, width)[0].view({-1, 2});
        CHECK(first.select(1, 0).eq(0).all().item<bool>());
        CHECK(first.select(1, 1).eq(1).all().item<bool>());
        ++runs;
    }
    CHECK(runs == 3);
    const model::PositionEncoding fourier{.kind = "fourier", .grid = 14};
    const Tensor points = at::rand({7, 2}, at::kDouble);
    CHECK(fourier(points, 16).sizes() == at::IntArrayRef{7, 16});
    CHECK(at::equal(fourier(points, 16), fourier(points, 16)));
}

TEST_CASE("boxes in the letterbox: reference numbers, and back") {
    const auto golden = test::read_golden("cloc.json");
    for (const auto& run : test::golden_case(golden, "letterbox")["runs"]) {
        const int width = run["width"], height = run["height"], size = run["size"];
        image::UnitBox box{}, cut{};
        for (std::size_t i = 0; i < 4; ++i) {
            box[i] = run["box"][i].get<double>() / (i % 2 ? height : width);
            cut[i] = std::clamp(box[i], 0.0, 1.0);
        }
        const auto mapped = image::to_square(box, width, height, size, image::ResizeMode::kLongest);
        const auto back =
            image::from_square(mapped, width, height, size, image::ResizeMode::kLongest);
        for (std::size_t i = 0; i < 4; ++i) {
            CHECK(std::abs(mapped[i] - run["mapped"][i].get<double>()) < 1e-9);
            CHECK(std::abs(back[i] - cut[i]) < 1e-9);
        }
    }
    // Where the ends of the long side are cut off, so are boxes.
    const auto cropped =
        image::to_square({0, 0.25, 1, 0.5}, 400, 200, 224, image::ResizeMode::kShortest);
    CHECK(cropped == image::UnitBox{0, 0.25, 1, 0.5});
}

TEST_CASE("Prompter: values and all gradients of the reference, both ways of reading") {
    const auto golden = test::read_golden("cloc.json");
    const auto& c = test::golden_case(golden, "prompter");
    const auto& inputs = c["inputs"];
    for (const auto& run : c["runs"]) {
        const std::string pool = run["pool"];
        CAPTURE(pool);
        Small model({.pool = pool, .patch_pe = false});
        Prompter& p = model.prompter;
        const auto weights = by_name(p);
        for (const auto& [name, tensor] : weights) *tensor = leaf(test::to_tensor(inputs[name]));
        p.phrase_layer = p.box_layer;
        const Tensor tokens = leaf(test::to_tensor(inputs["V"])),
                     t = leaf(test::to_tensor(inputs["t"])),
                     scale = leaf(test::scalar(inputs["log_scale"])),
                     boxes = test::to_tensor(inputs["box"]);
        const Tensor phrases = t.view({2, 2, 5}), places = boxes.view({2, 2, 4});
        const ImageMemory image = p.image_memory(tokens);
        const auto flat = [](const Tensor& x) { return x.flatten(0, 1); };
        CHECK(difference(flat(p.box_prompts(places)), test::to_tensor(run["box_prompt"])) < 1e-9);
        CHECK(difference(flat(p.phrase_prompts(phrases)).squeeze(1),
                         test::to_tensor(run["text_prompt"])) < 1e-9);
        CHECK(difference(flat(p.of_boxes(image, places)), test::to_tensor(run["pooled_box"])) <
              1e-9);
        CHECK(difference(flat(p.of_phrases(image, phrases)), test::to_tensor(run["pooled_text"])) <
              1e-9);
        const Tensor z = flat(p.regions(image, places)), found = flat(p.boxes(image, phrases));
        CHECK(difference(z, tensor::unit(test::to_tensor(run["z"]))) < 1e-9);
        CHECK(difference(found, test::to_tensor(run["box_hat"])) < 1e-9);
        const Tensor loss = loss::region_contrast(z, tensor::unit(t), {}, scale) +
                            loss::grounding_loss(boxes, found, {});
        CHECK(difference(loss, test::scalar(run["loss"])) < 1e-9);
        loss.backward();
        const auto& grad = run["grad"];
        CHECK(difference(tokens.grad(), test::to_tensor(grad["V"])) < 1e-9);
        CHECK(difference(t.grad(), test::to_tensor(grad["t"])) < 1e-9);
        CHECK(difference(scale.grad(), test::scalar(grad["log_scale"])) < 1e-9);
        for (const auto& [name, tensor] : weights) {
            CAPTURE(name);
            CHECK(difference(tensor->grad(), test::to_tensor(grad[name])) < 1e-9);
        }
    }
}

TEST_CASE("Prompter: reading the prompt's rows needs no others, with positions or without") {
    const at::NoGradGuard no_grad;
    const Case c;
    for (const bool places : {false, true})
        for (const std::string tokens : {"patch_ln", "with_cls"}) {
            ClocConfig config{.tokens = tokens, .patch_pe = places};
            Small rows(config);
            config.pool = "gap_all";
            Small all(config);  // the same weights: these depend on seed and name
            const Tensor seen =
                tokens == "with_cls" ? at::cat({c.tokens, c.tokens.slice(1, 0, 1)}, 1) : c.tokens;
            const auto memory = rows.prompter.image_memory(seen);
            const Tensor u = rows.prompter.of_boxes(memory, c.boxes);
            CHECK(u.sizes() == at::IntArrayRef{2, 3, 12});
            CHECK(difference(u, all.prompter.of_boxes(all.prompter.image_memory(seen), c.boxes)) >
                  1e-3);
            // Every region by itself.
            for (std::int64_t i = 0; i < 2; ++i)
                for (std::int64_t m = 0; m < 3; ++m) {
                    const auto one = rows.prompter.image_memory(seen.slice(0, i, i + 1));
                    CHECK(difference(rows.prompter.of_boxes(
                                         one, c.boxes.slice(0, i, i + 1).slice(1, m, m + 1))[0][0],
                                     u[i][m]) < 1e-12);
                }
            // Tokens in another order are the same image only if nothing says where they are.
            if (tokens == "with_cls") continue;
            const auto turned = rows.prompter.image_memory(seen.flip(1));
            const double moved = difference(rows.prompter.of_boxes(turned, c.boxes), u);
            CHECK((places ? moved > 1e-3 : moved < 1e-12));
        }
}

TEST_CASE("Prompter: every setting is another function of box and phrase, with gradients") {
    const Case c;
    std::vector<Tensor> seen;
    for (const ClocConfig& config :
         {ClocConfig{}, ClocConfig{.pool = "gap_all"}, ClocConfig{.pool = "roi"},
          ClocConfig{.box_tokens = 1}, ClocConfig{.pe = "sinus_2pi"}, ClocConfig{.pe = "fourier"},
          ClocConfig{.patch_pe = false}, ClocConfig{.box_prior = "roi"}}) {
        CAPTURE(config.pool + config.pe);
        model::ModelConfig shape = small(config);
        shape.vision.width = 16;  // a multiple of 8
        model::Parameters parameters(3);
        const Prompter p(parameters, shape);
        parameters.to(at::kDouble);
        const Tensor tokens = leaf(test::random_unit({2, 9, 16}, 4));
        const auto image = p.image_memory(tokens);
        const Tensor z = p.regions(image, c.boxes);
        CHECK(difference(z.norm(2, -1), at::ones({2, 3})) < 1e-9);
        CHECK((z[0][0] - z[0][1]).abs().max().item<double>() > 1e-4);  // another box
        for (const Tensor& other : seen) CHECK(difference(z, other) > 1e-5);
        seen.push_back(z.detach());
        Tensor loss = (z * test::random_unit({2, 3, 5}, 5)).sum();
        CHECK(p.has_head() == (config.pool != "roi"));
        if (p.has_head()) loss = loss + p.boxes(image, c.phrases).square().sum();
        loss.backward();
        CHECK(tokens.grad().abs().max().item<double>() > 0);
        for (const auto& [name, parameter] : parameters.all()) {
            CAPTURE(name);
            CHECK(parameter.grad().defined());
        }
    }
    CHECK(Small({.grounding_weight = 0}).prompter.has_head() == false);
    Small separate({.prompter = "separate"}), shared({});
    CHECK(separate.parameters.count() > shared.parameters.count());
}

TEST_CASE("Prompter: a box that starts at its patches sees those from the beginning") {
    const at::NoGradGuard no_grad;
    Case c;
    const Tensor before = c.tokens.clone();
    c.tokens.slice(1, 0, 1).neg_();  // the upper left patch
    const auto moved = [&](const ClocConfig& config) {
        Small model(config);
        const Tensor boxes = at::tensor({0.4, 0.4, 1.0, 1.0}, at::kDouble).view({1, 1, 4});
        const auto of = [&](const Tensor& tokens) {
            return model.prompter.of_boxes(model.prompter.image_memory(tokens.slice(0, 0, 1)),
                                           boxes);
        };
        return (of(c.tokens) - of(before)).abs().max().item<double>();
    };
    CHECK(moved({.box_prior = "roi"}) < 0.1 * moved({}));
    ClocConfig config{.tokens = "with_cls"};
    config.box_prior = "roi";
    Small with_class(config);
    CHECK(with_class.prompter
              .of_boxes(
                  with_class.prompter.image_memory(at::cat({c.tokens, c.tokens.slice(1, 0, 1)}, 1)),
                  c.boxes)
              .isfinite()
              .all()
              .item<bool>());
}

TEST_CASE("Prompter: gradients by finite differences") {
    const Case c;
    for (const std::string pool : {"prompt_only", "gap_all", "roi"}) {
        CAPTURE(pool);
        Small model({.pool = pool, .prompter = "separate"});
        const Tensor w = test::random_unit({2, 3, 5}, 6);
        const auto value = [&](const Tensor& tokens, const Tensor& phrases) {
            const auto image = model.prompter.image_memory(tokens);
            Tensor sum = (model.prompter.regions(image, c.boxes) * w).sum();
            if (model.prompter.has_head())
                sum = sum + model.prompter.boxes(image, phrases).square().sum();
            return sum;
        };
        CHECK(test::gradient_error([&](const Tensor& x) { return value(x, c.phrases); }, c.tokens) <
              1e-7);
        if (model.prompter.has_head())
            CHECK(test::gradient_error([&](const Tensor& x) { return value(c.tokens, x); },
                                       c.phrases) < 1e-7);
    }
}

TEST_CASE("RoI weights: bilinear samples of the box, and all of the patches for all of the image") {
    const Tensor boxes = at::tensor({0.0, 0.0, 1.0, 1.0, 0.25, 0.5, 0.5, 0.75}, at::kDouble);
    const Tensor w = model::roi_weights(boxes.view({2, 4}), 4);
    CHECK(difference(w.sum(1), at::ones({2})) < 1e-12);
    const Tensor ramp = model::patch_centres(4, at::kDouble);  // x and y of the patches
    // The mean of a linear map over a box within the centres is its value in the middle.
    const Tensor middle = w[1].matmul(ramp);
    CHECK(middle[0].item<double>() == doctest::Approx(0.375));
    CHECK(middle[1].item<double>() == doctest::Approx(0.625));
    CHECK(w[0].min().item<double>() > 0.03);
    CHECK(at::count_nonzero(w[1]).item<std::int64_t>() <= 9);
}

TEST_CASE("a model with regions: the same on another device; a phrase may be read as a region") {
    const at::NoGradGuard no_grad;
    model::ModelConfig config = model::load_arch("demo");
    config.regions = true;
    config.method = "cloc";
    model::LanguageImageModel here(config, 1), there(config, 1);
    there.to(test::kStandIn);
    const Tensor pixels = at::randint(0, 256, {2, 3, 48, 48}, at::kByte),
                 boxes = at::rand({2, 3, 4});
    const Tensor phrases =
        here.text.pooled(model::pack_texts(std::vector<model::TokenIds>(6, {1, 7, 9, 2})))
            .view({2, 3, -1});
    const auto a = here.image_memory(pixels), b = there.image_memory(pixels);
    CHECK(difference(here.prompter->regions(a, boxes),
                     there.prompter->regions(b, boxes.to(test::kStandIn)).to(at::kCPU)) < 1e-5);
    const Tensor found = here.prompter->boxes(a, phrases);
    CHECK(difference(found, there.prompter->boxes(b, phrases.to(test::kStandIn)).to(at::kCPU)) <
          1e-5);
    CHECK((found.min().item<double>() > 0 && found.max().item<double>() < 1));
    CHECK(here.prompter->regions_of_phrases(a, phrases).sizes() == at::IntArrayRef{2, 3, 128});
}
