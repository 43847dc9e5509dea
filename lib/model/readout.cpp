#include "model/readout.h"

#include "tensor/math.h"

#include <ATen/ATen.h>

#include <cmath>

namespace lip::model {

using at::Tensor;

Readout::Readout(Parameters& p, const ModelConfig& model) : config(model.llip) {
    const std::int64_t d = model.embed_dim;
    const auto projection = [&](const char* name, std::int64_t in) {
        return Linear{p.add(std::string("readout.") + name + ".weight", {d, in},
                            Init::normal(1 / std::sqrt(static_cast<double>(in)))),
                      Tensor()};
    };
    query_projection = projection("query", model.text.width);
    key_projection = projection("key", model.vision.width);
    value_projection = projection("value", model.vision.width);
    output_projection = projection("output", d);
    if (config.layer_norm) {
        image_norm = LayerNorm(p, "readout.ln_image", model.vision.width, model.vision.norm_eps);
        text_norm = LayerNorm(p, "readout.ln_text", model.text.width, model.text.norm_eps);
    }
    const double root =
        config.scale == "tau_sqrt" ? std::sqrt(static_cast<double>(d / config.heads)) : 1;
    fixed_temperature_ = config.learn_temperature ? root : config.temperature * root;
    if (config.learn_temperature)
        log_temperature =
            p.add("readout.log_temperature", {}, Init::constant(std::log(config.temperature)));
}

Tensor uniform_vector(const Tensor& values, const Tensor& output) {
    return tensor::unit(at::linear(values.mean(1), output));
}

MixtureFeatures Readout::of_images(const Tensor& h) const {
    const Tensor x = config.layer_norm ? image_norm(h) : h;
    return {key_projection(x).to(at::kFloat), value_projection(x).to(at::kFloat)};
}

Tensor Readout::query(const Tensor& g) const {
    const Tensor q =
        query_projection(config.layer_norm ? text_norm(g) : g).to(at::kFloat) / fixed_temperature_;
    return log_temperature.defined() ? q * log_temperature.neg().exp() : q;
}

Tensor Readout::uniform(const Tensor& h) const {
    return uniform_vector(of_images(h).values, output());
}

}  // namespace lip::model
