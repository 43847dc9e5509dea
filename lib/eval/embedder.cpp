#include "eval/embedder.h"

#include "cli/error.h"
#include "image/decode.h"
#include "image/geometry.h"
#include "image/normalize.h"
#include "tensor/device.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

namespace lip::eval {
namespace {

EmbedderSettings checked(EmbedderSettings settings) {
    if (settings.model.empty())
        throw cli::UsageError("-m DIR is missing: name a checkpoint or a run folder");
    tensor::configure_process(settings.threads, settings.deterministic);
    return settings;
}

}  // namespace

Embedder::Embedder(const EmbedderSettings& settings)
    : settings_(checked(settings)),
      device_(tensor::resolve_device(settings.device)),
      precision_(tensor::resolve_precision(settings.precision, device_)),
      loaded_(model::load_model(settings.model, device_)) {}

cli::Result<std::vector<std::uint8_t>> Embedder::prepare(std::string_view bytes) const {
    const model::ModelConfig& c = config();
    const auto picture = image::decode(bytes);
    if (!picture) return picture.reject();
    const image::Image square = image::preprocess(
        *picture, {.size = static_cast<int>(c.vision.image_size),
                   .mode = c.preprocess.resize_mode == "squash" ? image::ResizeMode::kSquash
                                                                : image::ResizeMode::kShortest,
                   .filter = c.preprocess.interpolation == "bilinear" ? image::Filter::kBilinear
                                                                      : image::Filter::kBicubic});
    std::vector<std::uint8_t> planes(square.rgb.size());
    image::to_planar_bytes(square, planes.data());
    return planes;
}

at::Tensor Embedder::images(std::span<const std::vector<std::uint8_t>> planes) const {
    const at::NoGradGuard no_grad;
    const std::int64_t size = config().vision.image_size;
    at::Tensor pixels = at::empty({static_cast<std::int64_t>(planes.size()), 3, size, size},
                                  at::TensorOptions(at::kByte));
    for (std::size_t i = 0; i < planes.size(); ++i)
        std::memcpy(pixels[static_cast<std::int64_t>(i)].mutable_data_ptr(), planes[i].data(),
                    planes[i].size());
    const tensor::Autocast autocast(device_, precision_);
    return model().embed_images(pixels).to(at::kCPU);
}

at::Tensor Embedder::texts(std::span<const std::string> texts, std::int64_t* cut) const {
    const at::NoGradGuard no_grad;
    const tensor::Autocast autocast(device_, precision_);
    const auto batch = static_cast<std::size_t>(settings_.batch_size) * 4;
    std::vector<at::Tensor> parts;
    for (std::size_t begin = 0; begin < texts.size(); begin += batch) {
        std::vector<model::TokenIds> ids;
        for (std::size_t i = begin; i < std::min(begin + batch, texts.size()); ++i) {
            bool was_cut = false;
            ids.push_back(
                loaded_.tokenizer->encode(texts[i], config().text.context_length, &was_cut));
            if (cut && was_cut) ++*cut;
        }
        parts.push_back(
            model().embed_texts(model::pack_texts(ids, model().config.text)).to(at::kCPU));
    }
    if (parts.empty()) return at::empty({0, config().embed_dim}, at::TensorOptions(at::kFloat));
    return at::cat(parts);
}

double Embedder::scale() const {
    return loaded_.model->log_scale.detach().exp().item<double>();
}
double Embedder::bias() const {
    return is_sigmoid() ? loaded_.model->logit_bias.detach().item<double>() : 0;
}

}  // namespace lip::eval
