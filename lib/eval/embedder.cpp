#include "eval/embedder.h"

#include "cli/error.h"
#include "image/decode.h"
#include "image/geometry.h"
#include "image/normalize.h"
#include "loss/llip.h"
#include "tensor/device.h"
#include "tensor/parallel.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace lip::eval {
namespace {

EmbedderSettings checked(EmbedderSettings settings) {
    if (settings.model.empty())
        throw cli::UsageError("-m DIR is missing: name a checkpoint or a run folder");
    tensor::configure_process(settings.threads, settings.deterministic);
    return settings;
}

// Tokens of images that a thread works on at once: enough for products at full speed.
constexpr std::int64_t kPartTokens = 800;

// Autocast would convert the matrices of the blocks anew for every batch.
void convert_blocks(const model::LanguageImageModel& model, at::ScalarType precision) {
    if (precision == at::kFloat) return;
    for (const auto& [name, value] : model.parameters.all()) {
        const bool is_of_product =
            name.find("resblocks.") != name.npos &&
            (name.find(".attn.") != name.npos || name.find(".mlp.") != name.npos);
        if (is_of_product) at::Tensor(value).set_data(value.detach().to(precision));
    }
}

}  // namespace

void require_text_conditioned(const model::ModelConfig& config, const std::string& model,
                              const std::string& option) {
    if (config.is_text_conditioned()) return;
    throw cli::DataError(model + ": " + option +
                         " needs a model whose images are mixed by texts (llip, flair); the method "
                         "of this model is " +
                         config.method +
                         (config.has_mixture() ? " with mixing=" + config.llip.mixing : ""));
}

void require_finite(const at::Tensor& numbers, const std::string& model, const std::string& what) {
    if (!numbers.isfinite().all().item<bool>())
        throw cli::DataError(model + ": the model computes numbers that are not finite" + what);
}

Embedder::Embedder(const EmbedderSettings& settings)
    : settings_(checked(settings)),
      device_(tensor::resolve_device(settings.device)),
      precision_(tensor::resolve_precision(settings.precision, device_)),
      loaded_(model::load_model(settings.model, device_)) {
    convert_blocks(*loaded_.model, precision_);
}

std::vector<std::uint8_t> Embedder::planes_of(const image::Image& picture) const {
    const model::ModelConfig& c = config();
    const image::Image square = image::preprocess(
        picture, {.size = static_cast<int>(c.vision.image_size),
                  .mode = image::resize_mode(c.preprocess.resize_mode),
                  .filter = c.preprocess.interpolation == "bilinear" ? image::Filter::kBilinear
                                                                     : image::Filter::kBicubic,
                  .padding = c.preprocess.fill_color});
    std::vector<std::uint8_t> planes(square.rgb.size());
    image::to_planar_bytes(square, planes.data());
    return planes;
}

cli::Result<std::vector<std::uint8_t>> Embedder::prepare(std::string_view bytes) const {
    auto prepared = prepare(bytes, {});
    if (!prepared) return prepared.reject();
    return std::move(prepared->planes);
}

cli::Result<PreparedImage> Embedder::prepare(std::string_view bytes,
                                             std::span<const image::UnitBox> crops) const {
    const auto picture = image::decode(bytes);
    if (!picture) return picture.reject();
    PreparedImage out{planes_of(*picture), {picture->width, picture->height}, {}};
    for (const image::UnitBox& box : crops)
        out.crops.push_back(planes_of(
            image::crop(*picture, image::pixels_of(box, picture->width, picture->height))));
    return out;
}

at::Tensor Embedder::pixels(std::span<const std::vector<std::uint8_t>> planes) const {
    const std::int64_t size = config().vision.image_size;
    at::Tensor out = at::empty({std::ssize(planes), 3, size, size}, at::TensorOptions(at::kByte));
    for (std::size_t i = 0; i < planes.size(); ++i)
        std::memcpy(out[static_cast<std::int64_t>(i)].mutable_data_ptr(), planes[i].data(),
                    planes[i].size());
    return out;
}

std::int64_t Embedder::part_images(std::int64_t images) const {
    if (!device_.is_cpu()) return images;
    const std::int64_t tokens = config().vision.grid() * config().vision.grid() + 1,
                       of_part = std::max<std::int64_t>(1, kPartTokens / tokens);
    return images > of_part * (settings_.threads - 1) ? of_part : images;
}

std::vector<at::Tensor> Embedder::run(std::span<const std::vector<std::uint8_t>> planes,
                                      const Encode& encode) const {
    const at::NoGradGuard no_grad;
    const at::Tensor all = pixels(planes);
    const auto encoded = [&](const at::Tensor& some) {
        const tensor::Autocast autocast(device_, precision_);
        return encode(some);
    };
    const std::vector<at::Tensor> some = all.split(part_images(all.size(0)));
    if (some.size() == 1) return encoded(all);
    if (!std::exchange(is_packed_, true)) loaded_.model->vision.pack(some.front().size(0));
    std::vector<std::vector<at::Tensor>> parts(some.size());
    tensor::for_each_piece(device_, std::ssize(some), [&](std::int64_t i) {
        const auto n = static_cast<std::size_t>(i);
        parts[n] = encoded(some[n]);
    });
    std::vector<at::Tensor> out;
    for (std::size_t k = 0; k < parts.front().size(); ++k) {
        std::vector<at::Tensor> of_parts;
        for (const auto& part : parts) of_parts.push_back(part[k]);
        out.push_back(of_parts.front().defined() ? at::cat(of_parts) : at::Tensor());
    }
    return out;
}

at::Tensor Embedder::images(std::span<const std::vector<std::uint8_t>> planes) const {
    return run(planes,
               [&](const at::Tensor& pixels) {
                   return std::vector{model().embed_images(pixels).to(at::kCPU)};
               })
        .front();
}

EmbeddedImages Embedder::embed(std::span<const std::vector<std::uint8_t>> planes) const {
    if (!is_text_conditioned()) return {images(planes), {}};
    const auto found = run(planes, [&](const at::Tensor& pixels) {
        const auto part =
            model().conditioned(model().encode_images(pixels, model().mixed_features()));
        return std::vector{part.vectors.to(at::kCPU), part.mixture.keys, part.mixture.values};
    });
    return {found[0], {found[1], found[2]}};
}

EmbeddedImages Embedder::embed_with_memory(
    std::span<const std::vector<std::uint8_t>> planes) const {
    const at::NoGradGuard no_grad;
    const tensor::Autocast autocast(device_, precision_);
    model::WantedFeatures wanted = model().mixed_features();
    wanted.tokens = wanted.pooled_apart = true;
    const model::ImageFeatures features = model().encode_images(pixels(planes), wanted);
    EmbeddedImages out;
    out.memory = model().prompter.value().image_memory(features.tokens);
    if (is_text_conditioned()) {
        auto found = model().conditioned(features);
        out.mixture = std::move(found.mixture);
        out.vectors = std::move(found.vectors);
    } else {
        out.vectors = model().image_vectors(features);
    }
    out.vectors = out.vectors.to(at::kCPU);
    return out;
}

at::Tensor Embedder::mixture_attention(std::span<const std::vector<std::uint8_t>> planes) const {
    const at::NoGradGuard no_grad;
    if (config().asks_patches()) {  // a patch looks at itself, the empty one nowhere
        const std::int64_t patches = config().vision.grid() * config().vision.grid();
        return at::eye(patches + 1, patches).expand({std::ssize(planes), -1, -1});
    }
    const tensor::Autocast autocast(device_, precision_);
    return model()
        .vision.mixture_attention(model().normalize(pixels(planes)))
        .to(at::kCPU, at::kFloat);
}

void Embedder::for_each_batch(std::span<const std::string> texts, std::int64_t* cut,
                              const std::function<void(const model::PackedTexts&)>& take) const {
    const at::NoGradGuard no_grad;
    const tensor::Autocast autocast(device_, precision_);
    const auto batch = static_cast<std::size_t>(settings_.batch_size) * 4;
    for (std::size_t begin = 0; begin < texts.size(); begin += batch) {
        std::vector<model::TokenIds> ids;
        for (std::size_t i = begin; i < std::min(begin + batch, texts.size()); ++i) {
            bool was_cut = false;
            ids.push_back(
                loaded_.tokenizer->encode(texts[i], config().text.context_length, &was_cut));
            if (cut && was_cut) ++*cut;
        }
        take(model::pack_texts(ids, config().text));
    }
}

at::Tensor Embedder::texts(std::span<const std::string> texts, std::int64_t* cut) const {
    std::vector<at::Tensor> parts{at::empty({0, config().embed_dim})};
    for_each_batch(texts, cut, [&](const model::PackedTexts& packed) {
        parts.push_back(model().embed_texts(packed).to(at::kCPU));
    });
    return at::cat(parts);
}

at::Tensor Embedder::text_features(std::span<const std::string> texts) const {
    std::vector<at::Tensor> parts{at::empty({0, config().embed_dim})};
    for_each_batch(texts, nullptr, [&](const model::PackedTexts& packed) {
        parts.push_back(model().text.pooled(packed.to(device_)).to(at::kCPU, at::kFloat));
    });
    return at::cat(parts);
}

model::QueryFeatures Embedder::queries(std::span<const std::string> texts,
                                       std::int64_t* cut) const {
    if (!is_text_conditioned()) return {at::Tensor(), this->texts(texts, cut)};
    const at::Tensor none = at::empty({0, config().embed_dim});
    std::vector<at::Tensor> queries{none}, targets{none};
    for_each_batch(texts, cut, [&](const model::PackedTexts& packed) {
        const model::QueryFeatures some = model().embed_queries(packed);
        queries.push_back(some.query.to(at::kCPU));
        targets.push_back(some.target.to(at::kCPU));
    });
    return {at::cat(queries), at::cat(targets)};
}

at::Tensor Embedder::pair_scores(const model::MixtureFeatures& images,
                                 const model::QueryFeatures& texts) const {
    const at::NoGradGuard no_grad;
    const auto type = images.keys.scalar_type();
    const auto here = [&](const at::Tensor& x) { return x.defined() ? x.to(device_, type) : x; };
    const model::Readout& asked = model().readout.value();
    return loss::llip_scores({.q = here(texts.query),
                              .keys = here(images.keys),
                              .values = here(images.values),
                              .output = here(asked.output()),
                              .targets = here(texts.target),
                              .output_bias = here(asked.output_bias())},
                             {.heads = asked.heads, .tau = 1})
        .to(at::kCPU);
}

model::MixedImages Embedder::mixed(const model::MixtureFeatures& images,
                                   const at::Tensor& query) const {
    const at::NoGradGuard no_grad;
    const model::Readout& asked = model().readout.value();
    const model::MixedImages out =
        model::mix(images, query.to(device_), asked.output(), asked.output_bias(), asked.heads);
    return {out.weights.to(at::kCPU), out.vectors.to(at::kCPU)};
}

double Embedder::scale() const {
    return loaded_.model->log_scale.detach().exp().item<double>();
}
double Embedder::bias() const {
    return is_sigmoid() ? loaded_.model->logit_bias.detach().item<double>() : 0;
}

}  // namespace lip::eval
