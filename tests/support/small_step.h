// A model and a batch that are small enough for a step in a test.
#pragma once

#include "record/keyed_rng.h"
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
    config.regions = method.regions;
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
    for (std::int64_t i = 0; i < images; ++i)
        batch.draws.push_back(record::mix64(static_cast<std::uint64_t>(i) + 99));
    if (slots > 1) batch.valid[2][1] = false;
    return batch;
}

// Up to two regions an image, none in every third one; what stands in lost places has no meaning.
inline void add_regions(train::Batch& batch) {
    const std::int64_t images = batch.pixels.size(0);
    const at::Generator generator = at::detail::createCPUGenerator(8);
    const at::Tensor low = at::rand({images, 2, 2}, generator) * 0.5;
    batch.regions.boxes = at::cat({low, low + 0.4}, -1);
    batch.regions.valid = at::ones({images, 2}, at::kBool);
    batch.regions.valid.slice(0, 0, images, 3).fill_(false);
    batch.regions.valid[1][0] = false;
    for (std::int32_t i = 0; i < batch.regions.valid.sum().item<std::int32_t>(); ++i)
        batch.regions.phrases.push_back({1, 5 + i * 7 % 30, 5 + i * 11 % 30, 2});
}

}  // namespace lip::test
