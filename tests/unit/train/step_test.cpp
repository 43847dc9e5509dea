// A training step of every method, on the CPU and on the stand-in accelerator.
#include "train/step.h"
#include "train/optimizer.h"

#include "cli/error.h"
#include "cli/values.h"
#include "loss/region.h"
#include "tensor/math.h"
#include "tests/support/golden.h"
#include "tests/support/small_step.h"
#include "tests/support/stand_in_device.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <doctest/doctest.h>

#include <cmath>

using namespace lip;
using at::Tensor;
using test::small_batch;
using test::small_config;

TEST_CASE("every method takes the same three steps on the CPU and on another device") {
    for (const train::Method& method : train::methods()) {
        CAPTURE(std::string(method.name));
        train::Batch batch = small_batch(4, method.texts_per_image);
        if (method.regions) test::add_regions(batch);
        model::LanguageImageModel here(small_config(method), 1), there(small_config(method), 1);
        there.to(test::kStandIn);
        train::AdamW a(here.parameters.all(), {}), b(there.parameters.all(), {});
        double first = 0, last = 0;
        for (int step = 0; step < 3; ++step) {
            a.zero_grad();
            b.zero_grad();
            const Tensor x = train::forward_backward(method, here, batch, {}).total;
            const Tensor y = train::forward_backward(method, there, batch, {}).total;
            const double norm = a.clip_gradients(1).item<double>();
            CHECK(std::abs(norm - b.clip_gradients(1).item<double>()) < 1e-3 * norm);
            CHECK(std::abs(x.item<double>() - y.item<double>()) < 1e-4);
            a.step(5e-4);
            b.step(5e-4);
            here.clamp_scale();
            there.clamp_scale();
            if (step == 0) first = x.item<double>();
            last = x.item<double>();
        }
        CHECK(last < first);
    }
}

TEST_CASE("what is frozen has no gradient, and all else has the one that it had") {
    for (const train::Method& method : train::methods())
        for (const std::string frozen : {"visual.", ""})
            for (const bool recompute : {false, true}) {
                CAPTURE(std::string(method.name));
                CAPTURE(frozen);
                CAPTURE(recompute);
                train::Batch batch = small_batch(6, method.texts_per_image);
                if (method.regions) test::add_regions(batch);
                model::LanguageImageModel whole(small_config(method), 1),
                    part(small_config(method), 1);
                // The image tower, or the text tower and nothing else.
                const auto is_frozen = [&](const std::string& name) {
                    return frozen.empty()
                               ? name.starts_with("transformer.") ||
                                     name.starts_with("token_embedding") ||
                                     name == "positional_embedding" || name == "text_projection" ||
                                     name.starts_with("ln_final")
                               : name.starts_with(frozen);
                };
                for (const auto& [name, parameter] : part.parameters.all())
                    parameter.requires_grad_(!is_frozen(name));
                const train::StepSettings settings{.recompute = recompute, .part_images = 2};
                const Tensor x = train::forward_backward(method, whole, batch, settings).total;
                const Tensor y = train::forward_backward(method, part, batch, settings).total;
                // Products of other places in memory may be rounded otherwise.
                CHECK((x - y).abs().item<double>() < 1e-6 * x.abs().item<double>());
                for (std::size_t i = 0; i < whole.parameters.all().size(); ++i) {
                    const auto& [name, parameter] = part.parameters.all()[i];
                    CAPTURE(name);
                    const Tensor mine = parameter.grad(),
                                 full = whole.parameters.all()[i].second.grad();
                    if (is_frozen(name))
                        CHECK(!mine.defined());
                    else if (full.defined())
                        CHECK((mine - full).norm().item<double>() <=
                              1e-5 * full.norm().item<double>());
                }
            }
}

namespace {

// The loss and all gradients of a step.
std::vector<Tensor> step_of(const train::Method& method, const model::ModelConfig& config,
                            const train::Batch& batch, int threads,
                            const train::StepSettings& settings) {
    const int before = at::get_num_threads();
    at::set_num_threads(threads);
    model::LanguageImageModel m(config, 1);
    const train::StepLoss loss = train::forward_backward(method, m, batch, settings);
    at::set_num_threads(before);
    std::vector<Tensor> all = {loss.total};
    for (const auto& named : m.parameters.all()) all.push_back(named.second.grad());
    return all;
}

// The same by one graph over the whole batch.
std::vector<Tensor> whole_step(const train::Method& method, const model::ModelConfig& config,
                               const train::Batch& batch) {
    model::LanguageImageModel m(config, 1);
    const std::int64_t images = batch.valid.size(0), slots = batch.valid.size(1);
    const auto features = m.encode_images(batch.pixels, {.patches = true});
    const Tensor t = m.embed_texts(model::pack_texts(batch.texts)).view({images, slots, -1});
    Tensor loss =
        method.loss(m, {.v = tensor::unit(features.pooled), .t = t, .valid = batch.valid});
    if (method.loss_weight != nullptr) loss = loss * method.loss_weight(config);
    const train::PatchLoss& patches = method.patches;
    if (patches.weight != nullptr && patches.weight(config) != 0) {
        const Tensor g = patches.groups(m, tensor::unit(features.patches), t);
        loss = loss +
               patches.weight(config) * (patches.is_of_batch(config)
                                             ? patches.of_batch(m, g, t, batch.valid, 0, images)
                                             : patches.of_images(m, g, t, batch.valid,
                                                                 batch.valid.sum().item<double>()));
    }
    loss.backward();
    std::vector<Tensor> all = {loss.detach()};
    for (const auto& named : m.parameters.all()) all.push_back(named.second.grad());
    return all;
}

void check_close(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        CAPTURE(i);
        REQUIRE(a[i].defined());
        REQUIRE(b[i].defined());
        CHECK((a[i] - b[i]).abs().max().item<double>() <
              1e-5 * (1e-2 + b[i].abs().max().item<double>()));
    }
}

// Region losses by one graph over the whole batch, beside the method's.
std::vector<Tensor> whole_step_with_regions(const train::Method& method,
                                            const model::ModelConfig& config,
                                            const train::Batch& batch) {
    model::LanguageImageModel m(config, 1);
    const std::int64_t images = batch.valid.size(0), slots = batch.valid.size(1);
    const auto features =
        m.encode_images(batch.pixels, {.patches = method.reads_patches, .tokens = true});
    const Tensor v =
        method.image_features ? method.image_features(m, features) : tensor::unit(features.pooled);
    const auto texts = model::pack_texts(batch.texts);
    const Tensor t = method.text_features ? method.text_features(m, texts) : m.embed_texts(texts);
    Tensor loss = method.loss(m, {.v = v, .t = t.view({images, slots, -1}), .valid = batch.valid});
    const auto& regions = batch.regions;
    const Tensor rows = regions.valid.flatten().nonzero().squeeze(1);
    const Tensor f = m.text.pooled(model::pack_texts(regions.phrases));
    const auto image = m.prompter->image_memory(features.tokens);
    const Tensor z = m.prompter->regions(image, regions.boxes).flatten(0, 1);
    const auto& c = config.cloc;
    const double count = static_cast<double>(rows.size(0)),
                 with = regions.valid.any(1).sum().item<double>();
    double weight = c.weight * with / static_cast<double>(images);
    if (c.region_mean == "fixed") weight *= count / (with * 2);
    loss = loss + weight * loss::region_contrast(
                               z.index_select(0, rows), tensor::unit(f), {}, m.region_log_scale,
                               {.filter = c.filter < 0 ? std::nullopt : std::optional(c.filter)});
    if (c.has_grounding()) {
        const Tensor all = at::zeros({images * 2, f.size(1)}).index_copy(0, rows, f);
        const Tensor found = m.prompter->boxes(image, all.view({images, 2, -1})).flatten(0, 1);
        loss = loss + weight * c.grounding_weight *
                          loss::grounding_loss(regions.boxes.flatten(0, 1), found,
                                               regions.valid.flatten());
    }
    loss.backward();
    std::vector<Tensor> all = {loss.detach()};
    for (const auto& named : m.parameters.all()) all.push_back(named.second.grad());
    return all;
}

bool same_bytes(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
    for (std::size_t i = 0; i < a.size(); ++i)
        if (!at::equal(a[i], b[i])) return false;
    return a.size() == b.size();
}

}  // namespace

TEST_CASE("a batch in parts has the gradients of the whole, the same for 1, 2 and 3 threads") {
    const train::Method& method = train::find_method("dreamlip");
    const train::Batch batch = small_batch(37, 3);  // three parts of unequal size
    for (const char* setting :
         {"dreamlip.local_weight=0", "dreamlip.local_weight=1", "dreamlip.global_weight=0.5",
          "dreamlip.local_scale=separate", "dreamlip.local_direction=both",
          "dreamlip.local_negatives=batch", "dreamlip.local_filter=0.9", "dreamlip.local_scale=20",
          "dreamlip.positives=sigmoid"}) {
        CAPTURE(setting);
        model::ModelConfig config = small_config(method);
        config.method = "dreamlip";
        model::apply_setting(config, setting);
        method.configure(config);
        const auto one = step_of(method, config, batch, 1, {});
        check_close(one, whole_step(method, config, batch));
        CHECK(same_bytes(one, step_of(method, config, batch, 2, {})));
        CHECK(same_bytes(one, step_of(method, config, batch, 3, {})));
        CHECK(same_bytes(one, step_of(method, config, batch, 2, {.recompute = true})));
        check_close(one, step_of(method, config, batch, 2, {.recompute = true, .part_images = 5}));
    }
}

TEST_CASE("regions in parts have the gradients of the whole, beside the losses of any method") {
    for (const auto& [name, setting] : {std::pair{"cloc", ""},
                                        {"cloc", "cloc.pool=gap_all"},
                                        {"cloc", "cloc.pool=roi"},
                                        {"cloc", "cloc.prompter=separate"},
                                        {"cloc", "cloc.region_scale=own"},
                                        {"cloc", "cloc.region_mean=fixed"},
                                        {"cloc", "cloc.filter=off"},
                                        {"cloc", "cloc.grounding_weight=0"},
                                        {"cloc", "cloc.tokens=with_cls"},
                                        {"siglip", ""},
                                        {"dreamlip", "dreamlip.local_weight=0"},
                                        {"llip", ""},
                                        {"flair", "flair.negatives=all"}}) {
        CAPTURE(std::string(name) + setting);
        const train::Method& method = train::find_method(name);
        model::ModelConfig config = small_config(method);
        config.regions = true;
        config.method = name;
        if (*setting) model::apply_setting(config, setting);
        train::Batch batch = small_batch(37, method.many_texts ? 3 : 1);
        test::add_regions(batch);
        const auto one = step_of(method, config, batch, 1, {});
        check_close(one, whole_step_with_regions(method, config, batch));
        CHECK(same_bytes(one, step_of(method, config, batch, 3, {})));
        CHECK(same_bytes(one, step_of(method, config, batch, 2, {.recompute = true})));
    }
}

TEST_CASE("in bf16 a step has the same bits for 1, 2 and 3 threads, texts of many lengths or not") {
    for (const char* name : {"dreamlip", "cloc", "llip", "flair"}) {
        CAPTURE(std::string(name));
        const train::Method& method = train::find_method(name);
        model::ModelConfig config = small_config(method);
        config.regions = true;
        train::Batch batch = small_batch(64, method.many_texts ? 3 : 1);
        test::add_regions(batch);
        const train::StepSettings settings{.precision = at::kBFloat16};
        const auto one = step_of(method, config, batch, 1, settings);
        for (int round = 0; round < 3; ++round) {
            CHECK(same_bytes(one, step_of(method, config, batch, 2, settings)));
            CHECK(same_bytes(one, step_of(method, config, batch, 3, settings)));
        }
    }
}

TEST_CASE("a batch without regions: the method's loss alone, nothing for the Prompter") {
    const train::Method& method = train::find_method("cloc");
    const model::ModelConfig config = small_config(method);
    train::Batch batch = small_batch(5, 1);
    const double plain =
        step_of(train::find_method("clip"), config, batch, 1, {})[0].item<double>();
    test::add_regions(batch);
    CHECK(step_of(method, config, batch, 1, {})[0].item<double>() > plain + 0.1);
    batch.regions.valid.fill_(false);
    batch.regions.phrases.clear();
    batch.regions.boxes.fill_(std::nan(""));
    model::LanguageImageModel m(config, 1);
    const train::StepLoss loss = train::forward_backward(method, m, batch, {});
    CHECK(loss.total.item<double>() == plain);
    CHECK_FALSE(loss.region.defined());
    for (const auto& [parameter, tensor] : m.parameters.all())
        if (parameter.starts_with("prompter.") || parameter.starts_with("box_head."))
            CHECK_FALSE(tensor.grad().defined());
}

TEST_CASE("dreamlip's sigmoid asks of every pair of image and valid text") {
    const train::Method& method = train::find_method("dreamlip");
    model::ModelConfig config = small_config(method);
    config.method = "dreamlip";
    CHECK_FALSE(config.has_logit_bias);
    model::apply_setting(config, "dreamlip.positives=sigmoid");
    model::apply_setting(config, "dreamlip.local_weight=0");
    method.configure(config);
    const train::Batch batch = small_batch(5, 3);
    for (const auto& device : {c10::Device(at::kCPU), c10::Device(test::kStandIn)}) {
        model::LanguageImageModel m(config, 1);
        Tensor expected = at::zeros({});
        {
            const at::NoGradGuard no_grad;
            const Tensor v = m.embed_images(batch.pixels),
                         t = m.embed_texts(model::pack_texts(batch.texts)).view({5, 3, -1});
            const Tensor z = (2 * at::eye(5) - 1).unsqueeze(2);                // [N, N, 1]
            const Tensor x = z * (10 * at::tensordot(v, t, {1}, {2}) - 10.0);  // [N, N, K]
            expected = at::where(batch.valid, -at::log_sigmoid(x), at::zeros_like(x)).sum() / 14;
        }
        m.to(device);
        const Tensor loss = train::forward_backward(method, m, batch, {}).total;
        CHECK(loss.item<double>() == doctest::Approx(expected.item<double>()).epsilon(1e-5));
        CHECK(m.logit_bias.grad().item<double>() != 0);
    }
    CHECK_THROWS_AS(model::apply_setting(config, "dreamlip.mask_equal_texts=true"),
                    cli::UsageError);
}

TEST_CASE("settings of a method: known keys with values of theirs") {
    model::ModelConfig config = small_config(train::find_method("dreamlip"));
    config.method = "dreamlip";
    model::apply_setting(config, "dreamlip.local_threshold=0.3");
    model::apply_setting(config, "dreamlip.local_scale=12.5");
    CHECK(config.dreamlip.local_threshold == 0.3);
    CHECK(config.dreamlip.local_scale == "fixed");
    CHECK(config.dreamlip.fixed_local_scale == 12.5);
    const model::ModelConfig again = model::parse_config(model::to_json(config), "again");
    CHECK(again.dreamlip.local_threshold == 0.3);
    CHECK(again.dreamlip.fixed_local_scale == 12.5);
    model::apply_setting(config, "dreamlip.local_threshold=auto");
    CHECK(config.dreamlip.local_threshold == -1);
    for (const char* bad : {"dreamlip.local_direction=up", "dreamlip.nothing=1", "local_weight=1",
                            "dreamlip.local_weight=-1", "dreamlip.local_weight=x", "llip.heads=1",
                            "dreamlip.local_threshold=2", "dreamlip.local_scale=0", "dreamlip"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(model::apply_setting(config, bad), cli::UsageError);
    }
}
