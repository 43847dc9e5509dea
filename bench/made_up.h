// What a benchmark of training has in place of data.
#pragma once

#include "model/language_image_model.h"
#include "record/keyed_rng.h"
#include "train/data.h"

#include <ATen/ATen.h>

#include <utility>

namespace lip::bench {

// Texts of `least` to `most` tokens, equally often each length.
inline std::vector<model::TokenIds> made_up_texts(const model::TextConfig& config,
                                                  std::int64_t count, std::uint64_t least,
                                                  std::uint64_t most) {
    record::KeyedRng rng(1, least, record::Stream::kInit, "bench");
    const auto words = static_cast<std::uint64_t>(config.vocab_size) - 3;
    std::vector<model::TokenIds> texts;
    for (std::int64_t i = 0; i < count; ++i) {
        model::TokenIds ids(least + rng.below(most - least + 1), 5);
        for (std::int32_t& id : ids) id = static_cast<std::int32_t>(3 + rng.below(words));
        texts.push_back(std::move(ids));
    }
    return texts;
}

// Images with `slots` texts of 20 tokens on average.
inline train::Batch made_up_batch(const model::ModelConfig& config, std::int64_t images,
                                  std::int64_t slots) {
    train::Batch batch;
    const std::int64_t size = config.vision.image_size;
    batch.pixels = at::randint(0, 256, {images, 3, size, size}, at::TensorOptions(at::kByte));
    batch.valid = at::ones({images, slots}, at::TensorOptions(at::kBool));
    for (std::int64_t i = 0; i < images; ++i)
        batch.draws.push_back(record::mix64(static_cast<std::uint64_t>(i)));
    batch.texts = made_up_texts(config.text, images * slots, 8, 32);
    return batch;
}

}  // namespace lip::bench
