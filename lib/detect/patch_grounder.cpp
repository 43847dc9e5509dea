// Boxes of a model that was not made for them: around the patches that fit a phrase.
#include "cli/error.h"
#include "detect/grounder.h"
#include "detect/patch_box.h"
#include "eval/embedder.h"
#include "eval/segmentation.h"
#include "image/normalize.h"
#include "image/resize.h"
#include "tensor/device.h"
#include "tensor/math.h"

#include <ATen/ATen.h>

#include <map>

namespace lip::detect {
namespace {

using at::Tensor;

class PatchGrounder final : public Grounder {
public:
    explicit PatchGrounder(const GrounderSettings& s)
        : embedder_(s.embedder), attention_(s.attention) {
        input_.short_side = s.image_size.value_or(embedder_.config().vision.image_size);
        input_.window = 0;  // the whole image at once
        embedder_.model().vision.check_has_patches();
    }

    std::string model_name() const override { return embedder_.config().name; }
    c10::Device device() const override { return embedder_.device(); }
    at::ScalarType precision() const override { return embedder_.precision(); }
    std::int64_t image_size() const override { return input_.short_side; }

    Prepared prepare(const image::Image& image) const override {
        const eval::InputSize size = eval::input_size(image.width, image.height,
                                                      embedder_.config().vision.patch_size, input_);
        const image::Image resized =
            image::resize(image, static_cast<int>(size.width), static_cast<int>(size.height),
                          image::Filter::kBilinear);
        Tensor pixels = at::empty({3, size.height, size.width}, at::TensorOptions(at::kByte));
        image::to_planar_bytes(resized, pixels.mutable_data_ptr<std::uint8_t>());
        return {pixels, image.width, image.height};
    }

    std::vector<Grounding> locate(std::span<const Prepared> images,
                                  std::span<const Phrases> phrases) const override {
        std::vector<Grounding> found(images.size());
        const DistinctPhrases all = distinct(phrases);
        if (all.texts.empty()) return found;
        const at::NoGradGuard no_grad;
        const Tensor texts = embedder_.texts(all.texts);  // [T, D]
        std::map<std::pair<std::int64_t, std::int64_t>, std::vector<std::size_t>> by_size;
        for (std::size_t i = 0; i < images.size(); ++i)
            if (!phrases[i].empty())
                by_size[{images[i].pixels.size(1), images[i].pixels.size(2)}].push_back(i);
        const std::int64_t patch = embedder_.config().vision.patch_size;
        for (const auto& [size, members] : by_size) {
            std::vector<Tensor> planes;
            for (const std::size_t i : members) planes.push_back(images[i].pixels);
            const Tensor patches = embed(at::stack(planes));  // [n, P, D]
            for (std::size_t m = 0; m < members.size(); ++m)
                found[members[m]] = ground(
                    patches[static_cast<std::int64_t>(m)],
                    texts.index_select(
                        0, at::tensor(all.numbers[members[m]], at::TensorOptions(at::kLong))),
                    size.first / patch, size.second / patch);
        }
        return found;
    }

private:
    Tensor embed(const Tensor& pixels) const {
        const tensor::Autocast autocast(device(), precision());
        return embedder_.model().embed_patches(pixels, attention_).to(at::kCPU, at::kFloat);
    }

    // Unit vectors: patches [P, D], texts [Q, D].
    static Grounding ground(const Tensor& patches, const Tensor& texts, std::int64_t rows,
                            std::int64_t columns) {
        Grounding out;
        const Tensor cosines = texts.matmul(patches.t()).contiguous();  // [Q, P]
        for (std::int64_t q = 0; q < cosines.size(0); ++q) {
            const std::span<const float> row(cosines[q].const_data_ptr<float>(),
                                             static_cast<std::size_t>(cosines.size(1)));
            const PatchBox found = box_of_patches(row, rows, columns);
            const Tensor inside =
                patches.index_select(0, at::tensor(found.patches, at::TensorOptions(at::kLong)));
            const Tensor score = tensor::unit(inside.mean(0)).dot(texts[q]);
            out.boxes.push_back({found.box, static_cast<std::size_t>(q), score.item<float>()});
        }
        out.best = out.boxes;
        return out;
    }

    eval::Embedder embedder_;
    model::DenseAttention attention_;
    eval::SegmentSettings input_;
};

}  // namespace

std::unique_ptr<Grounder> make_patch_grounder(const GrounderSettings& settings) {
    return std::make_unique<PatchGrounder>(settings);
}

}  // namespace lip::detect
