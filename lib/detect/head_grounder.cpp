// Boxes of a model trained with regions: its head says where a phrase is.
#include "cli/error.h"
#include "detect/grounder.h"
#include "eval/embedder.h"
#include "eval/region_embedder.h"
#include "image/geometry.h"
#include "image/normalize.h"
#include "tensor/device.h"
#include "tensor/math.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lip::detect {
namespace {

using at::Tensor;

class HeadGrounder final : public Grounder {
public:
    explicit HeadGrounder(const GrounderSettings& s) : embedder_(s.embedder) {
        if (s.image_size.value_or(image_size()) != image_size())
            throw cli::UsageError("--image-size: the Prompter supports only " +
                                  std::to_string(image_size()) + " pixels");
    }

    std::string model_name() const override { return embedder_.config().name; }
    c10::Device device() const override { return embedder_.device(); }
    at::ScalarType precision() const override { return embedder_.precision(); }
    std::int64_t image_size() const override { return embedder_.config().vision.image_size; }

    Prepared prepare(const image::Image& image) const override {
        const std::vector<std::uint8_t> planes = embedder_.planes_of(image);
        return {embedder_.pixels(std::span(&planes, 1))[0], image.width, image.height};
    }

    std::vector<Grounding> locate(std::span<const Prepared> images,
                                  std::span<const Phrases> phrases) const override {
        std::vector<Grounding> found(images.size());
        const DistinctPhrases all = distinct(phrases);
        if (all.texts.empty()) return found;
        const at::NoGradGuard no_grad;
        const Tensor features = embedder_.text_features(all.texts);  // [T, D]
        const Tensor targets = tensor::unit(features);
        std::size_t most = 0;
        std::vector<Tensor> pixels;
        for (std::size_t i = 0; i < images.size(); ++i) {
            pixels.push_back(images[i].pixels);
            most = std::max(most, phrases[i].size());
        }
        const auto count = static_cast<std::int64_t>(most);
        Tensor rows = at::zeros({std::ssize(images), count}, at::TensorOptions(at::kLong));
        for (std::size_t i = 0; i < images.size(); ++i)
            for (std::size_t q = 0; q < phrases[i].size(); ++q)
                rows[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(q)] =
                    all.numbers[i][q];
        const auto [boxes, vectors] = ask(at::stack(pixels), features.index({rows}));
        const Tensor scores = (vectors * targets.index({rows})).sum(-1);  // [B, M]
        for (std::size_t i = 0; i < images.size(); ++i) {
            const auto at = static_cast<std::int64_t>(i);
            for (std::size_t q = 0; q < phrases[i].size(); ++q) {
                const auto n = static_cast<std::int64_t>(q);
                found[i].boxes.push_back(
                    {eval::box_of_head(embedder_.config(), boxes[at][n].const_data_ptr<float>(),
                                       {images[i].width, images[i].height}),
                     q, scores[at][n].item<float>()});
            }
            found[i].best = found[i].boxes;
        }
        return found;
    }

private:
    struct Answer {
        Tensor boxes, vectors;  // [B, M, 4] of the square; of these boxes [B, M, D]
    };
    Answer ask(const Tensor& pixels, const Tensor& phrases) const {
        const tensor::Autocast autocast(device(), precision());
        const model::LanguageImageModel& model = embedder_.model();
        const model::ImageMemory image = model.image_memory(pixels);
        const Tensor boxes = model.prompter->boxes(image, phrases.to(device())).clamp(0, 1);
        return {boxes.to(at::kCPU).contiguous(),
                model.prompter->regions(image, boxes).to(at::kCPU)};
    }

    eval::Embedder embedder_;
};

}  // namespace

std::unique_ptr<Grounder> make_head_grounder(const GrounderSettings& settings) {
    return std::make_unique<HeadGrounder>(settings);
}

}  // namespace lip::detect
