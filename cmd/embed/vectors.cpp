#include "cmd/embed/embed.h"
#include "tensor/device.h"
#include "tensor/math.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace lip::cmd {

using at::Tensor;

Tensor VectorMaker::finished(const Tensor& vectors) const {
    const Tensor wide = normalize_ ? tensor::unit(vectors) : vectors.to(at::kFloat);
    const Tensor here = wide.to(at::kCPU).contiguous();
    eval::require_finite(here, embedder_.loaded().folder.string());
    return here;
}

Tensor VectorMaker::images(std::span<const std::vector<std::uint8_t>> planes) const {
    const at::NoGradGuard no_grad;
    // A Llip model's are of unit length; --no-normalize is refused.
    if (embedder_.config().has_mixture()) return finished(embedder_.images(planes));
    return finished(embedder_
                        .run(planes,
                             [&](const Tensor& pixels) {
                                 const model::LanguageImageModel& model = embedder_.model();
                                 return std::vector{model.vision.pooled(model.normalize(pixels))};
                             })
                        .front());
}

Tensor VectorMaker::mixture(std::span<const std::vector<std::uint8_t>> planes) const {
    const model::MixtureFeatures mixture = embedder_.embed(planes).mixture;
    return finished(at::cat({mixture.keys, mixture.values}, /*dim=*/1));
}

Tensor VectorMaker::patches(std::span<const std::vector<std::uint8_t>> planes) const {
    return finished(embedder_
                        .run(planes,
                             [&](const Tensor& pixels) {
                                 const model::VisionTower& tower = embedder_.model().vision;
                                 const Tensor x = embedder_.model().normalize(pixels);
                                 return std::vector{
                                     layer_ ? tower.block_output(x, *layer_)
                                            : tower.patches(x, model::DenseAttention::kPlain)};
                             })
                        .front());
}

Tensor VectorMaker::texts(std::span<const std::string> texts) {
    const at::NoGradGuard no_grad;
    const tensor::Autocast autocast(embedder_.device(), embedder_.precision());
    std::vector<Tensor> parts;
    for (std::size_t begin = 0; begin < texts.size(); begin += batch_size_) {
        std::vector<model::TokenIds> ids;
        for (const std::string& text :
             texts.subspan(begin, std::min(batch_size_, texts.size() - begin))) {
            bool was_cut = false;
            ids.push_back(embedder_.loaded().tokenizer->encode(
                text, embedder_.config().text.context_length, &was_cut));
            cut_ += was_cut;
            ++seen_;
        }
        const model::PackedTexts packed =
            model::pack_texts(ids, embedder_.config().text).to(embedder_.device());
        parts.push_back(finished(queries_ ? embedder_.model().embed_queries(packed).query
                                          : embedder_.model().text.pooled(packed)));
    }
    if (parts.empty())
        return at::empty({0, embedder_.config().embed_dim}, at::TensorOptions(at::kFloat));
    return at::cat(parts);
}

}  // namespace lip::cmd
