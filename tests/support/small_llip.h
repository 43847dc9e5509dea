// A Llip model and images that are small enough for tests.
#pragma once

#include "model/config.h"

#include <ATen/ATen.h>

namespace lip::test {

// 48 px, 36 patches, 5 mixture tokens; vectors of 16 numbers.
inline model::ModelConfig small_llip(const char* setting = "llip.heads=4") {
    model::ModelConfig config = model::load_arch("demo");
    config.vision.width = 32;
    config.vision.head_width = 16;
    config.vision.layers = 2;
    config.text.width = 24;
    config.text.layers = 2;
    config.text.heads = 2;
    config.text.vocab_size = 50;
    config.embed_dim = 16;
    config.method = "llip";
    model::apply_setting(config, "llip.mixture_tokens=5");
    model::apply_setting(config, setting);
    return config;
}

inline at::Tensor some_pixels(std::int64_t count) {
    return at::randint(0, 256, {count, 3, 48, 48}, at::detail::createCPUGenerator(5),
                       at::TensorOptions(at::kByte));
}

}  // namespace lip::test
