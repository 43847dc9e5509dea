// A checkpoint ready for use: images and texts in, unit vectors out, in batches.
#pragma once

#include "cli/error.h"
#include "eval/embedder_settings.h"
#include "image/geometry.h"
#include "image/image.h"
#include "model/checkpoint.h"
#include "model/mixing.h"
#include "model/prompter.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lip::eval {

// Throws DataError naming the model and the option unless texts mix its images (doc/llip.md).
void require_text_conditioned(const model::ModelConfig& config, const std::string& model,
                              const std::string& option);

// Throws DataError naming the model unless all numbers that it gave are finite; `what` ends the
// message.
void require_finite(const at::Tensor& numbers, const std::string& model,
                    const std::string& what = {});

struct EmbeddedImages {
    at::Tensor vectors;              // [B, D] fp32 on the CPU
    model::MixtureFeatures mixture;  // on the model's device; undefined unless text-conditioned
    model::ImageMemory memory = {};  // there, too; undefined unless asked for
};

struct ImageSize {
    int width = 0, height = 0;
};

// uint8 [3, S, S] planes, as the model was trained.
struct PreparedImage {
    std::vector<std::uint8_t> planes;
    ImageSize size;                                // of the image
    std::vector<std::vector<std::uint8_t>> crops;  // planes of the boxes asked for
};

// One thread at a time.
class Embedder {
public:
    // Loads the model. Throws UsageError (no model named), DataError.
    explicit Embedder(const EmbedderSettings& settings);

    // Decodes and preprocesses as the model was trained: uint8 [3, S, S] planes. Thread-safe.
    // Rejects with bad-image.
    cli::Result<std::vector<std::uint8_t>> prepare(std::string_view image_bytes) const;
    // The same, and what lies in these boxes, in fractions of the image, as images of their own: at
    // least a pixel.
    cli::Result<PreparedImage> prepare(std::string_view image_bytes,
                                       std::span<const image::UnitBox> crops) const;

    std::vector<std::uint8_t> planes_of(const image::Image& picture) const;

    // planes as from prepare() -> uint8 [B, 3, S, S] on the CPU.
    at::Tensor pixels(std::span<const std::vector<std::uint8_t>> planes) const;
    // planes as from prepare(), at most batch_size at once -> [B, D] fp32 on the CPU.
    at::Tensor images(std::span<const std::vector<std::uint8_t>> planes) const;
    // Any number of texts -> [N, D] fp32 on the CPU. Adds the number of texts cut to the context
    // length to `cut`, if given.
    at::Tensor texts(std::span<const std::string> texts, std::int64_t* cut = nullptr) const;

    // The same before they are made unit vectors: what prompts of phrases are made from.
    at::Tensor text_features(std::span<const std::string> texts) const;

    // An image has another vector for every text (doc/llip.md, doc/flair.md). What images() and
    // texts() give are the vectors that depend on no text, and the targets.
    bool is_text_conditioned() const { return config().is_text_conditioned(); }
    // As images() and texts(), with all that pair_scores takes, where there is such a thing.
    EmbeddedImages embed(std::span<const std::vector<std::uint8_t>> planes) const;
    // The same numbers, and what the Prompter of a model with regions asks, of one pass.
    EmbeddedImages embed_with_memory(std::span<const std::vector<std::uint8_t>> planes) const;
    model::QueryFeatures queries(std::span<const std::string> texts,
                                 std::int64_t* cut = nullptr) const;
    // The cosines [B, T] of every image's vector for a text with that text, on the CPU. Computed on
    // the model's device in blocks, in the precision of `images`: float or double.
    at::Tensor pair_scores(const model::MixtureFeatures& images,
                           const model::QueryFeatures& texts) const;
    // Where each of the mixture's tokens looks [B, K, P]: VisionTower::mixture_attention, or of
    // patches each at itself; on the CPU.
    at::Tensor mixture_attention(std::span<const std::vector<std::uint8_t>> planes) const;
    // The mixing written out, [B, T, ..] all at once; on the CPU.
    model::MixedImages mixed(const model::MixtureFeatures& images, const at::Tensor& query) const;

    const model::LanguageImageModel& model() const { return *loaded_.model; }
    const model::ModelConfig& config() const { return loaded_.model->config; }
    const model::LoadedModel& loaded() const { return loaded_; }
    c10::Device device() const { return device_; }
    at::ScalarType precision() const { return precision_; }
    // exp(logit_scale), and the bias (0 where the model has none).
    double scale() const;
    double bias() const;
    bool is_sigmoid() const { return loaded_.model->logit_bias.defined(); }

    // Runs the image tower on planes as from prepare(), at most batch_size at once, and joins what
    // `encode` gives of uint8 pixels [b, 3, S, S]. On the CPU parts of the images go side by side,
    // a part to a thread, if there are enough: no thread waits for another in every layer.
    using Encode = std::function<std::vector<at::Tensor>(const at::Tensor& pixels)>;
    std::vector<at::Tensor> run(std::span<const std::vector<std::uint8_t>> planes,
                                const Encode& encode) const;

private:
    std::int64_t part_images(std::int64_t images) const;
    void for_each_batch(std::span<const std::string> texts, std::int64_t* cut,
                        const std::function<void(const model::PackedTexts&)>& take) const;

    EmbedderSettings settings_;
    c10::Device device_;
    at::ScalarType precision_;
    model::LoadedModel loaded_;
    mutable bool is_packed_ = false;  // the image tower, for parts
};

}  // namespace lip::eval
