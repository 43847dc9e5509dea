// Boxes of the detector OWLv2.
#include "cli/error.h"
#include "detect/grounder.h"
#include "detect/owlv2_checkpoint.h"
#include "detect/owlv2_pixels.h"
#include "model/checkpoint.h"
#include "tensor/device.h"

#include <ATen/ATen.h>

#include <cstring>

namespace lip::detect {
namespace {

using at::Tensor;

constexpr std::int64_t kMostPatches = 1 << 14;

std::int64_t checked_size(const model::VisionConfig& vision, std::optional<std::int64_t> wanted) {
    const std::int64_t size = wanted.value_or(vision.image_size), patch = vision.patch_size;
    if (size % patch != 0 || (size / patch) * (size / patch) > kMostPatches)
        throw cli::UsageError("--image-size: " + std::to_string(size) +
                              " is not a multiple of the patch size of " + std::to_string(patch) +
                              " pixels, or over " + std::to_string(kMostPatches) + " patches");
    return size;
}

// Rows of centre, width and height in a square on the long side -> corners in fractions of the
// image, on the CPU in double.
Tensor corners(const Tensor& boxes, const Prepared& image) {
    const Tensor b = boxes.to(at::kCPU, at::kDouble);
    const double square = std::max(image.width, image.height);
    const Tensor centre = b.slice(-1, 0, 2), half = b.slice(-1, 2, 4) / 2;
    const Tensor scale =
        at::tensor({square / image.width, square / image.height}, at::TensorOptions(at::kDouble));
    return at::cat({(centre - half) * scale, (centre + half) * scale}, /*dim=*/-1).contiguous();
}

class Owlv2Grounder final : public Grounder {
public:
    explicit Owlv2Grounder(const GrounderSettings& s)
        : device_(tensor::resolve_device(s.embedder.device)),
          precision_(tensor::resolve_precision(s.embedder.precision, device_)),
          loaded_(load_owlv2(model::find_checkpoint(s.embedder.model), device_)),
          size_(checked_size(loaded_.model->config.vision, s.image_size)) {}

    std::string model_name() const override { return loaded_.model->config.name; }
    c10::Device device() const override { return device_; }
    at::ScalarType precision() const override { return precision_; }
    std::int64_t image_size() const override { return size_; }

    Prepared prepare(const image::Image& image) const override {
        const auto& pixels = loaded_.model->config.preprocess;
        const std::vector<float> planes =
            owlv2_pixels(image, static_cast<int>(size_), pixels.mean, pixels.std);
        Tensor out = at::empty({3, size_, size_}, at::TensorOptions(at::kFloat));
        std::memcpy(out.mutable_data_ptr(), planes.data(), planes.size() * sizeof(float));
        return {out, image.width, image.height};
    }

    std::vector<Grounding> locate(std::span<const Prepared> images,
                                  std::span<const Phrases> phrases) const override {
        std::vector<Grounding> found(images.size());
        const DistinctPhrases all = distinct(phrases);
        if (all.texts.empty()) return found;
        const at::NoGradGuard no_grad;
        const Owlv2& model = *loaded_.model;
        const Tensor queries = embed(all.texts);  // [Q, d]
        std::vector<Tensor> planes;
        for (const Prepared& image : images) planes.push_back(image.pixels);
        const Tensor features = model.features(at::stack(planes), precision_);  // [B, P, D]
        const Tensor boxes = model.heads.boxes(features, size_ / model.config.vision.patch_size);
        for (std::size_t i = 0; i < images.size(); ++i) {
            if (all.numbers[i].empty()) continue;
            const auto n = static_cast<std::int64_t>(i);
            const Tensor own = queries.index_select(
                0, at::tensor(all.numbers[i], at::TensorOptions(at::kLong)).to(device_));
            const Tensor scores = model.heads.logits(features[n], own).sigmoid().to(at::kCPU);
            found[i] = read(scores, corners(boxes[n], images[i]));
        }
        return found;
    }

private:
    Tensor embed(const std::vector<std::string>& texts) const {
        std::vector<model::TokenIds> ids;
        const model::TextConfig& config = loaded_.model->config.text;
        for (const std::string& text : texts)
            ids.push_back(loaded_.tokenizer->encode(text, config.context_length));
        return loaded_.model->queries(model::pack_texts(ids, config), precision_).to(at::kFloat);
    }

    // scores [P, Q] and corners [P, 4].
    static Grounding read(const Tensor& scores, const Tensor& corners) {
        Grounding out;
        const double* box = corners.const_data_ptr<double>();
        const auto detection = [&](std::int64_t token, std::int64_t phrase, float score) {
            const double* b = box + 4 * token;
            return Detection{{b[0], b[1], b[2], b[3]}, static_cast<std::size_t>(phrase), score};
        };
        const auto [of_token, phrases] = scores.max(1);
        const float* score = of_token.const_data_ptr<float>();
        const std::int64_t* phrase = phrases.const_data_ptr<std::int64_t>();
        for (std::int64_t p = 0; p < scores.size(0); ++p)
            out.boxes.push_back(detection(p, phrase[p], score[p]));
        const auto [of_phrase, tokens] = scores.max(0);
        for (std::int64_t q = 0; q < scores.size(1); ++q)
            out.best.push_back(
                detection(tokens[q].item<std::int64_t>(), q, of_phrase[q].item<float>()));
        return out;
    }

    c10::Device device_;
    at::ScalarType precision_;
    LoadedOwlv2 loaded_;
    std::int64_t size_;
};

}  // namespace

std::unique_ptr<Grounder> make_owlv2_grounder(const GrounderSettings& settings) {
    return std::make_unique<Owlv2Grounder>(settings);
}

}  // namespace lip::detect
