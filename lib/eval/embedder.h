// A checkpoint ready for use: images and texts in, unit vectors out, in batches.
#pragma once

#include "cli/error.h"
#include "image/image.h"
#include "model/checkpoint.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lip::eval {

struct EmbedderSettings {
    std::string model;  // checkpoint or run folder
    std::string device = "auto";
    std::string precision = "auto";
    std::int64_t batch_size = 64;
    int threads = 1;
    bool deterministic = false;
};

// One thread at a time.
class Embedder {
public:
    // Loads the model. Throws UsageError (no model named), DataError.
    explicit Embedder(const EmbedderSettings& settings);

    // Decodes and preprocesses as the model was trained: uint8 [3, S, S] planes. Thread-safe.
    // Rejects with bad-image.
    cli::Result<std::vector<std::uint8_t>> prepare(std::string_view image_bytes) const;

    // planes as from prepare(), at most batch_size at once -> [B, D] fp32 on the CPU.
    at::Tensor images(std::span<const std::vector<std::uint8_t>> planes) const;
    // Any number of texts -> [N, D] fp32 on the CPU. Adds the number of texts cut to the context
    // length to `cut`, if given.
    at::Tensor texts(std::span<const std::string> texts, std::int64_t* cut = nullptr) const;

    const model::LanguageImageModel& model() const { return *loaded_.model; }
    const model::ModelConfig& config() const { return loaded_.model->config; }
    const model::LoadedModel& loaded() const { return loaded_; }
    c10::Device device() const { return device_; }
    at::ScalarType precision() const { return precision_; }
    // exp(logit_scale), and the bias (0 where the model has none).
    double scale() const;
    double bias() const;
    bool is_sigmoid() const { return loaded_.model->logit_bias.defined(); }

private:
    EmbedderSettings settings_;
    c10::Device device_;
    at::ScalarType precision_;
    model::LoadedModel loaded_;
};

}  // namespace lip::eval
