#include "train/learning.h"

#include "cli/error.h"

#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cmath>

namespace lip::train {
namespace {

model::ModelConfig config() {
    model::ModelConfig c;
    c.vision.layers = 3;
    c.text.layers = 2;
    return c;
}

Learns how(const char* name, const LearningSettings& settings, double peak = 1e-3) {
    return learns(place_of(name, config()), settings, peak);
}

TEST_CASE("names have their place in a tower") {
    const auto depth = [](const char* name) { return place_of(name, config()).depth; };
    CHECK(depth("visual.conv1.weight") == 0);
    CHECK(depth("visual.transformer.resblocks.0.ln_1.weight") == 1);
    CHECK(depth("visual.transformer.resblocks.2.mlp.c_fc.bias") == 3);
    CHECK(depth("visual.ln_post.weight") == 4);
    CHECK(depth("visual.proj") == 4);
    CHECK(depth("token_embedding.weight") == 0);
    CHECK(depth("transformer.resblocks.1.attn.in_proj_weight") == 2);
    CHECK(depth("text_projection") == 3);
    CHECK(place_of("logit_scale", config()).tower == Tower::kScale);
    CHECK(place_of("visual.mixture_tokens", config()).tower == Tower::kNew);
    CHECK(place_of("prompter.x", config()).tower == Tower::kNew);
}

TEST_CASE("frozen towers, and the last blocks of them that learn") {
    LearningSettings s;
    s.freeze = {"vision"};
    CHECK(how("visual.proj", s).frozen);
    CHECK(!how("text_projection", s).frozen);
    CHECK(!how("readout.x", s).frozen);
    s.unfreeze_last = 1;
    CHECK(!how("visual.proj", s).frozen);
    CHECK(!how("visual.transformer.resblocks.2.ln_1.weight", s).frozen);
    CHECK(how("visual.transformer.resblocks.1.ln_1.weight", s).frozen);
    CHECK(how("visual.conv1.weight", s).frozen);
    CHECK_THROWS_AS(check_freeze("images"), cli::UsageError);
}

TEST_CASE("rates of parts, and their decay from block to block") {
    LearningSettings s;
    s.text_rate = 1e-4;
    s.new_rate = 5e-3;
    s.layer_decay = 0.5;
    CHECK(how("visual.proj", s).rate == 1);
    CHECK(how("visual.transformer.resblocks.2.ln_1.weight", s).rate == 0.5);
    CHECK(how("visual.conv1.weight", s).rate == std::pow(0.5, 4));
    CHECK(how("text_projection", s).rate == doctest::Approx(0.1));
    CHECK(how("token_embedding.weight", s).rate == doctest::Approx(0.1 / 8));
    CHECK(how("readout.x", s).rate == doctest::Approx(5));
    CHECK(how("logit_scale", s).rate == 1);
}

TEST_CASE("the plan names neighbours that learn alike together") {
    const tensor::NamedTensors all = {{"visual.conv1.weight", at::ones({10})},
                                      {"visual.transformer.resblocks.0.x", at::ones({20})},
                                      {"visual.transformer.resblocks.2.x", at::ones({30})},
                                      {"visual.proj", at::ones({5})},
                                      {"text_projection", at::ones({7})},
                                      {"logit_scale", at::ones({})}};
    LearningSettings s;
    s.freeze = {"vision"};
    s.unfreeze_last = 1;
    const auto lines = learning_lines(all, config(), s, 1e-3);
    REQUIRE(lines.size() == 4);
    CHECK(lines[0] == "image tower, up to block 1: frozen, 30 parameters");
    CHECK(lines[1] ==
          "image tower, block 3 and behind: rate 0.001, 35 parameters, 0.3 kB of moments");
    CHECK(lines[3] == "scale and bias of the logits: rate 0.001, 1 parameter, 0.0 kB of moments");
    s.freeze = {"vision", "text"};
    s.unfreeze_last = 0;
    CHECK_THROWS_AS(learning_lines(all, config(), s, 1e-3), cli::UsageError);
}

}  // namespace
}  // namespace lip::train
