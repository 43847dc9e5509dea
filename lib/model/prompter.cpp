#include "model/prompter.h"

#include "tensor/linear.h"
#include "tensor/math.h"

#include <ATen/ATen.h>

#include <cmath>

namespace lip::model {

using at::Tensor;

namespace {

constexpr double kLeastPrior = 0.01;  // of a token outside of the box, beside 1 on the average

Linear linear(Parameters& p, const std::string& name, std::int64_t in, std::int64_t out) {
    const Init init = Init::normal(1 / std::sqrt(static_cast<double>(in)));
    return {p.add(name + ".weight", {out, in}, init), p.add(name + ".bias", {out}, Init::zeros())};
}

double root(const Tensor& x) {
    return std::sqrt(static_cast<double>(x.size(-1)));
}

// Rows of the prompts alone: prompts [B, M, n, W], the image's tokens behind the layer's norm [B,
// P, W]. `prior` [B, M, 1, P] is added to the scores of the image's tokens, if defined. With one
// head the products with the matrices of keys and values move from the tokens to the few prompts:
//   q . (W_k y + b_k) = (W_k^T q) . y + q . b_k
//   sum of a (W_v y + b_v) = W_v (sum of a y) + b_v
Tensor of_prompt_rows(const PromptLayer& layer, const Tensor& prompts, const Tensor& tokens,
                      const Tensor& prior) {
    const std::int64_t b = prompts.size(0), m = prompts.size(1), n = prompts.size(2);
    const Tensor y = layer.ln_1(prompts), q = layer.query(y);
    const Tensor asked = q.matmul(layer.key.weight),
                 of_bias = q.matmul(layer.key.bias).unsqueeze(-1);  // [B, M, n, W], [B, M, n, 1]
    const Tensor own = asked.matmul(y.transpose(2, 3));             // [B, M, n, n]
    Tensor image =
        asked.flatten(1, 2).matmul(tokens.transpose(1, 2)).view({b, m, n, -1});  // [B, M, n, P]
    if (prior.defined()) image = image + prior * root(q);
    const Tensor a =
        ((at::cat({own, image}, -1) + of_bias) / root(q)).softmax(-1).to(y.scalar_type());
    const Tensor seen = a.slice(3, n).flatten(1, 2).matmul(tokens).view({b, m, n, -1});
    const Tensor x = prompts + layer.out(layer.value(a.slice(3, 0, n).matmul(y) + seen));
    return layer.ln_f(x + layer.mlp(layer.ln_2(x))).mean(2);
}

// All rows: tokens [B, P, W].
Tensor of_all_rows(const PromptLayer& layer, const Tensor& prompts, const Tensor& tokens) {
    const Tensor each = tokens.unsqueeze(1).expand({-1, prompts.size(1), -1, -1});
    Tensor x = at::cat({prompts.to(tokens.scalar_type()), each}, 2).flatten(0, 1);
    const Tensor y = layer.ln_1(x), q = layer.query(y);
    const Tensor a = (q.matmul(layer.key(y).transpose(1, 2)) / root(q)).softmax(-1);
    x = x + layer.out(a.to(y.scalar_type()).matmul(layer.value(y)));
    x = x + layer.mlp(layer.ln_2(x));
    return layer.ln_f(x).mean(1).view({prompts.size(0), prompts.size(1), -1});
}

}  // namespace

PromptLayer::PromptLayer(Parameters& p, const std::string& name, std::int64_t w)
    : ln_1(p, name + ".ln_1", w), ln_2(p, name + ".ln_2", w), ln_f(p, name + ".ln_f", w) {
    query = linear(p, name + ".query", w, w);
    key = linear(p, name + ".key", w, w);
    value = linear(p, name + ".value", w, w);
    out = linear(p, name + ".out", w, w);
    mlp.in = linear(p, name + ".mlp.in", w, 4 * w);
    mlp.out = linear(p, name + ".mlp.out", 4 * w, w);
}

Prompter::Prompter(Parameters& p, const ModelConfig& model)
    : config(model.cloc),
      positions{.kind = config.pe, .grid = model.vision.grid()},
      width(model.vision.width) {
    output = p.add("prompter.output.weight", {model.embed_dim, width},
                   Init::normal(1 / std::sqrt(static_cast<double>(width))));
    if (!config.has_layer()) return;
    corner = p.add("prompter.corner", {config.box_tokens, width}, Init::normal(0.02));
    box_layer = PromptLayer(p, "prompter.layer", width);
    if (!config.has_grounding()) return;
    phrase_in = linear(p, "prompter.phrase", model.embed_dim, width);
    phrase_norm = LayerNorm(p, "prompter.ln_phrase", width);
    phrase_layer =
        config.prompter == "separate" ? PromptLayer(p, "prompter.phrase_layer", width) : box_layer;
    head.in = linear(p, "box_head.in", config.head_in == "pooled" ? width : model.embed_dim, width);
    head.out = linear(p, "box_head.out", width, 4);
}

ImageMemory Prompter::image_memory(const Tensor& tokens) const {
    ImageMemory image{.tokens = tokens};
    if (!config.has_layer()) return image;
    if (config.patch_pe) {
        Tensor at =
            positions(patch_centres(positions.grid, corner.options().requires_grad(false)), width)
                .to(tokens.scalar_type());
        if (config.tokens == "with_cls") at = at::constant_pad_nd(at, {0, 0, 1, 0});
        image.tokens = tokens + at;
    }
    if (config.pool == "gap_all") return image;
    image.normed = image.text_normed = box_layer.ln_1(image.tokens);
    if (config.prompter == "separate" && has_head())
        image.text_normed = phrase_layer.ln_1(image.tokens);
    return image;
}

Tensor Prompter::box_prompts(const Tensor& boxes) const {
    const Tensor corners = boxes.to(corner.options().requires_grad(false)).unflatten(-1, {2, 2});
    if (config.box_tokens == 2) return positions(corners, width) + corner;
    return positions(corners, width / 2).flatten(-2).unsqueeze(-2) + corner;
}

Tensor Prompter::phrase_prompts(const Tensor& phrases) const {
    return phrase_norm(phrase_in(phrases)).unsqueeze(2);
}

Tensor Prompter::patch_weights(const ImageMemory& image, const Tensor& boxes) const {
    const Tensor weights =
        roi_weights(boxes, positions.grid).to(image.tokens.options().requires_grad(false));
    return at::constant_pad_nd(weights, {image.tokens.size(1) - weights.size(-1), 0});
}

Tensor Prompter::of_boxes(const ImageMemory& image, const Tensor& boxes) const {
    if (!config.has_layer()) {
        return patch_weights(image, boxes).matmul(image.tokens);
    }
    const Tensor prompts = box_prompts(boxes);
    if (config.pool == "gap_all") return of_all_rows(box_layer, prompts, image.tokens);
    Tensor prior;
    if (config.box_prior == "roi") {
        const auto count = static_cast<double>(image.tokens.size(1));
        prior = (patch_weights(image, boxes) * count + kLeastPrior).log().unsqueeze(2);
    }
    return of_prompt_rows(box_layer, prompts, image.normed, prior);
}

Tensor Prompter::of_phrases(const ImageMemory& image, const Tensor& phrases) const {
    TORCH_CHECK(has_head(), "the model has no box head");
    const Tensor prompts = phrase_prompts(phrases);
    return config.pool == "gap_all" ? of_all_rows(phrase_layer, prompts, image.tokens)
                                    : of_prompt_rows(phrase_layer, prompts, image.text_normed, {});
}

Tensor Prompter::regions(const ImageMemory& image, const Tensor& boxes) const {
    return tensor::unit(tensor::linear(of_boxes(image, boxes), output));
}

Tensor Prompter::regions_of_phrases(const ImageMemory& image, const Tensor& phrases) const {
    return tensor::unit(tensor::linear(of_phrases(image, phrases), output));
}

Tensor Prompter::boxes(const ImageMemory& image, const Tensor& phrases) const {
    const Tensor u = of_phrases(image, phrases);
    const Tensor found = head(config.head_in == "pooled" ? u : tensor::linear(u, output));
    const Tensor wide = found.scalar_type() == at::kDouble ? found : found.to(at::kFloat);
    return config.box_out == "sigmoid" ? wide.sigmoid() : wide;
}

}  // namespace lip::model
