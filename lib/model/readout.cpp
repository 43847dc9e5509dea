#include "model/readout.h"

#include "model/mixing.h"
#include "tensor/linear.h"
#include "tensor/math.h"

#include <ATen/ATen.h>

#include <cmath>

namespace lip::model {

using at::Tensor;

Readout::Readout(Parameters& p, const ModelConfig& model)
    : config(model.llip),
      of_patches(model.asks_patches()),
      heads(of_patches ? model.flair.heads : model.llip.heads) {
    const std::int64_t d = model.embed_dim;
    if (of_patches) {
        make_of_patches(p, model);
        return;
    }
    const auto projection = [&](const char* part, std::int64_t in, bool bias) {
        const std::string name = std::string("readout.") + part;
        return Linear{
            p.add(name + ".weight", {d, in}, Init::normal(1 / std::sqrt(static_cast<double>(in)))),
            bias ? p.add(name + ".bias", {d}, Init::zeros()) : Tensor()};
    };
    const bool by_text = config.mixing == "text";
    const std::int64_t asked = config.query == "pre_projection" ? model.text.width : d;
    if (by_text) query_projection = projection("query", asked, config.bias);
    if (config.has_keys()) key_projection = projection("key", model.vision.width, false);
    value_projection = projection("value", model.vision.width, config.bias);
    output_projection = projection("output", d, false);
    if (config.mixing == "learned")
        learned_query = p.add("readout.learned_query", {d}, Init::normal(1));
    if (config.layer_norm) {
        image_norm = LayerNorm(p, "readout.ln_image", model.vision.width, model.vision.norm_eps);
        if (by_text) text_norm = LayerNorm(p, "readout.ln_text", asked, model.text.norm_eps);
    }
    const double root =
        config.scale == "tau_sqrt" ? std::sqrt(static_cast<double>(d / config.heads)) : 1;
    const bool learns = config.learn_temperature && config.has_keys();
    fixed_temperature_ = learns ? root : config.temperature * root;
    if (learns)
        log_temperature =
            p.add("readout.log_temperature", {}, Init::constant(std::log(config.temperature)));
}

// As PyTorch's MultiheadAttention begins: the three matrices of queries, keys and values as one.
void Readout::make_of_patches(Parameters& p, const ModelConfig& model) {
    const std::int64_t d = model.embed_dim;
    const auto width = static_cast<double>(d);
    const auto projection = [&](const char* part, double bound) {
        const std::string name = std::string("readout.") + part;
        return Linear{p.add(name + ".weight", {d, d}, Init::uniform(bound)),
                      p.add(name + ".bias", {d}, Init::zeros())};
    };
    query_projection = projection("query", std::sqrt(6 / (4 * width)));
    key_projection = projection("key", std::sqrt(6 / (4 * width)));
    value_projection = projection("value", std::sqrt(6 / (4 * width)));
    output_projection = projection("output", 1 / std::sqrt(width));
    text_norm = LayerNorm(p, "readout.ln_text", d, 1e-5);
    key_norm = LayerNorm(p, "readout.ln_key", d, 1e-5);
    value_norm = LayerNorm(p, "readout.ln_value", d, 1e-5);
    fixed_temperature_ = std::sqrt(width / static_cast<double>(heads));
}

Tensor uniform_vector(const Tensor& values, const Tensor& output) {
    return tensor::unit(tensor::linear(values.mean(1), output));
}

MixtureFeatures Readout::of_images(const Tensor& h) const {
    if (of_patches) {
        const auto and_empty = [](const Tensor& x) { return at::constant_pad_nd(x, {0, 0, 0, 1}); };
        return {and_empty(key_projection(key_norm(h)).to(at::kFloat)),
                and_empty(value_projection(value_norm(h)).to(at::kFloat))};
    }
    const Tensor x = normed(h);
    return {key_projection(x).to(at::kFloat), values_of(x)};
}

Tensor Readout::values_of(const Tensor& normed) const {
    return value_projection(normed).to(at::kFloat);
}

Tensor Readout::patch_values(const Tensor& patches) const {
    return output_projection(value_projection(value_norm(patches))).to(at::kFloat);
}

Tensor Readout::query(const Tensor& g, const Tensor& projected) const {
    if (of_patches)
        return divided_by_temperature(query_projection(text_norm(projected)).to(at::kFloat));
    const Tensor asked = config.query == "pre_projection" ? g
                         : config.query == "projected"    ? projected
                                                          : tensor::unit(projected);
    return divided_by_temperature(
        query_projection(config.layer_norm ? text_norm(asked) : asked).to(at::kFloat));
}

Tensor Readout::divided_by_temperature(const Tensor& query) const {
    const Tensor q = query / fixed_temperature_;
    return log_temperature.defined() ? q * log_temperature.neg().exp() : q;
}

Tensor Readout::vector(const Tensor& h) const {
    if (config.mixing == "learned")
        return mix(of_images(h), divided_by_temperature(learned_query).unsqueeze(0), output(),
                   output_bias(), heads)
            .vectors.squeeze(1);
    const Tensor values = values_of(normed(h));
    return uniform_vector(config.mixing == "first" ? values.slice(1, 0, 1) : values, output());
}

}  // namespace lip::model
