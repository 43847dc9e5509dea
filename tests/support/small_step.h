// A model and a batch that are small enough for a step in a test.
#pragma once

#include "train/methods.h"

#include <ATen/ATen.h>

namespace lip::test {

inline model::ModelConfig small_config(const train::Method& method) {
    model::ModelConfig config = model::load_arch("demo");
    config.vision.width = 32;
    config.vision.head_width = 16;
    config.vision.layers = 1;
    config.text.width = 32;
    config.text.layers = 1;
    config.text.vocab_size = 40;
    config.embed_dim = 16;
    config.method = std::string(method.name);
    config.llip.mixture_tokens = 5;
    method.configure(config);
    return config;
}

// Texts of 3 to 13 tokens; with several an image, one that is not valid.
inline train::Batch small_batch(std::int64_t images, std::int64_t slots) {
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

}  // namespace lip::test
