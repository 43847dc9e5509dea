#include "loss/llip.h"

#include "loss/mixed_pairs.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace lip::loss {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct LlipGradients {
    Tensor q, keys, values, output, targets, output_bias, log_scale, bias;

    std::array<Tensor*, 8> all() {
        return {&q, &keys, &values, &output, &targets, &output_bias, &log_scale, &bias};
    }
};

LlipGradients zero_gradients(const PairInputs& in) {
    const auto zeros = [](const Tensor& x) {
        return x.defined() ? at::zeros_like(x, at::MemoryFormat::Contiguous) : Tensor();
    };
    const std::int64_t m = in.options.heads;
    return {zeros(in.q),
            at::empty_like(in.keys, at::MemoryFormat::Contiguous),
            at::empty_like(in.values, at::MemoryFormat::Contiguous),
            at::zeros({m, in.width(), in.width() / m}, in.output.options()),
            zeros(in.targets),
            zeros(in.output_bias),
            at::zeros({}, in.q.options()),
            at::zeros({}, in.q.options())};
}

// The texts that some images meet: all of them, or those of their numbers.
struct MetTexts {
    Tensor numbers;  // int64; undefined: all
    std::int64_t count;

    Tensor of(const Tensor& all, std::int64_t begin, std::int64_t end) const {
        return numbers.defined() ? all.index_select(0, numbers.slice(0, begin, end))
                                 : all.slice(0, begin, end);
    }
    // Rows to which gradients are added, and that are put back where they are copies.
    Tensor open(const Tensor& sum, std::int64_t begin, std::int64_t end) const {
        return numbers.defined() ? at::zeros({end - begin, sum.size(1)}, sum.options())
                                 : sum.slice(0, begin, end);
    }
    void close(Tensor sum, const Tensor& rows, std::int64_t begin, std::int64_t end) const {
        if (numbers.defined()) sum.index_add_(0, numbers.slice(0, begin, end), rows);
    }
};

// All own texts of an image, and one of each other image.
MetTexts met_texts(const PairInputs& in, std::int64_t image) {
    const Llip& o = in.options;
    if (!o.drawn.defined()) return {Tensor(), in.texts()};
    const std::int64_t k = o.texts_per_image, others = in.texts() / k, own = o.own_begin + image;
    const Tensor one = at::arange(others, o.drawn.options()).mul_(k).add_(o.drawn[image]);
    if (own < 0 || own >= others) return {one, others};
    const Tensor all = at::arange(own * k, (own + 1) * k, o.drawn.options());
    return {at::cat({one.slice(0, 0, own), all, one.slice(0, own + 1)}), others - 1 + k};
}

// J: the number of valid texts, or of those that an image meets.
Tensor divisor(const PairInputs& in, const Tensor& valid) {
    const Llip& o = in.options;
    const Tensor texts =
        o.count > 0 ? at::full({}, o.count, in.q.options()) : valid.sum().to(in.q.scalar_type());
    if (!o.drawn.defined()) return texts;
    const std::int64_t images = o.images > 0 ? o.images : in.texts() / o.texts_per_image;
    return texts / images + (images - 1);
}

// The loss; its gradients too, unless `d` is null.
Tensor pairwise(const PairInputs& in, const Tensor& valid, const Tensor& log_scale,
                const Tensor& bias, LlipGradients* d) {
    const auto type = in.q.scalar_type();
    const Tensor a = log_scale.exp().to(type), b = bias.to(type);
    const Tensor count = divisor(in, valid);
    const Tensor lost = valid.logical_not();
    const auto integers = at::TensorOptions(at::kLong).device(in.q.device());
    const Tensor image_of_text =
        at::arange(in.texts(), integers).div(in.options.texts_per_image, "floor");
    const Tensor image = at::arange(in.images(), integers).add_(in.options.own_begin).unsqueeze(1);
    Tensor loss = at::zeros({}, in.q.options());
    if (d) *d = zero_gradients(in);
    const BlockSizes sizes = block_sizes(in);
    const std::int64_t images_at_once = in.options.drawn.defined() ? 1 : sizes.images;
    for_each_image_block(
        in, images_at_once, [&](std::int64_t first, std::int64_t last, ImageBlock& images) {
            const MetTexts met = met_texts(in, first);
            for (std::int64_t begin = 0; begin < met.count; begin += sizes.texts) {
                const std::int64_t end = std::min(begin + sizes.texts, met.count);
                MixedBlock x = images.mix(met.of(in.q, begin, end), met.of(in.targets, begin, end));
                const Tensor own = image.slice(0, first, last) == met.of(image_of_text, begin, end);
                const Tensor sign = own.to(type).mul_(-2).add_(1);  // -1 for own pairs, else 1
                const Tensor y =
                    (x.s * a + b).mul_(sign).masked_fill_(met.of(lost, begin, end), -INFINITY);
                // In full precision: ATen's default is y from 20 on.
                loss.add_(at::softplus(y, /*beta=*/1, /*threshold=*/40).sum());
                if (!d) continue;
                const Tensor dl = y.sigmoid().div_(count).mul_(sign);
                d->log_scale.add_((dl * x.s).sum());
                d->bias.add_(dl.sum());
                const Tensor dq = met.open(d->q, begin, end),
                             dtargets = met.open(d->targets, begin, end);
                images.add_gradients(x, dl * a, dq, dtargets);
                met.close(d->q, dq, begin, end);
                met.close(d->targets, dtargets, begin, end);
            }
            if (d)
                images.finish(d->keys.slice(0, first, last), d->values.slice(0, first, last),
                              d->output, d->output_bias);
        });
    if (d) {
        d->q.div_(in.options.tau);
        // The keys met queries that were divided by tau already.
        d->output = d->output.transpose(0, 1).reshape({in.width(), in.width()});
        d->log_scale = d->log_scale.mul(a).to(log_scale.scalar_type());
        d->bias = d->bias.to(bias.scalar_type());
    }
    return loss / count;
}

// In the order of the arguments of LlipLoss::forward().
variable_list scaled(LlipGradients& d, const Tensor& by) {
    for (Tensor* x : d.all())
        if (x->defined()) x->mul_(by);
    return {std::move(d.q),
            std::move(d.keys),
            std::move(d.values),
            std::move(d.output),
            std::move(d.targets),
            std::move(d.output_bias),
            Tensor(),
            std::move(d.log_scale),
            std::move(d.bias),
            Tensor()};
}

// Autograd takes no undefined tensors.
Tensor kept(const Tensor& x, const Tensor& like) {
    return x.defined() ? x : at::empty({0}, like.options());
}

Tensor given_back(const Tensor& x) {
    return x.numel() > 0 ? x : Tensor();
}

struct LlipLoss : torch::autograd::Function<LlipLoss> {
    static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& keys,
                          const Tensor& values, const Tensor& output, const Tensor& targets,
                          const Tensor& kept_bias, const Tensor& valid, const Tensor& log_scale,
                          const Tensor& bias, const Llip& options) {
        const PairInputs in({q, keys, values, output, targets, given_back(kept_bias)}, options);
        auto& data = context->saved_data;
        data["recompute"] = options.recompute;
        if (options.recompute) {
            context->save_for_backward({q, keys, values, output, targets, kept_bias, valid,
                                        log_scale, bias, kept(options.drawn, valid)});
            data["heads"] = options.heads;
            data["tau"] = options.tau;
            data["texts_per_image"] = options.texts_per_image;
            data["own_begin"] = options.own_begin;
            data["count"] = options.count;
            data["images"] = options.images;
            data["tile_mib"] = options.tile_mib;
            data["text_chunk"] = options.text_chunk;
            return pairwise(in, valid, log_scale, bias, nullptr);
        }
        LlipGradients d;
        const Tensor loss = pairwise(in, valid, log_scale, bias, &d);
        std::vector<Tensor> gradients;
        for (const Tensor* x : d.all()) gradients.push_back(kept(*x, q));
        data["gradients"] = gradients;
        return loss;
    }

    static variable_list backward(AutogradContext* context, variable_list grad) {
        auto& data = context->saved_data;
        LlipGradients d;
        if (data.at("recompute").toBool()) {
            const auto saved = context->get_saved_variables();
            Llip options;
            options.heads = data["heads"].toInt();
            options.tau = data["tau"].toDouble();
            options.texts_per_image = data["texts_per_image"].toInt();
            options.own_begin = data["own_begin"].toInt();
            options.count = data["count"].toInt();
            options.images = data["images"].toInt();
            options.tile_mib = data["tile_mib"].toDouble();
            options.text_chunk = data["text_chunk"].toInt();
            options.drawn = given_back(saved[9]);
            const PairInputs in(
                {saved[0], saved[1], saved[2], saved[3], saved[4], given_back(saved[5])}, options);
            pairwise(in, saved[6], saved[7], saved[8], &d);
        } else {
            // Handed over rather than copied: they are as large as the inputs.
            TORCH_CHECK(data.find("gradients") != data.end(),
                        "llip_loss: a second backward call, its gradients are gone");
            std::vector<Tensor> gradients = data["gradients"].toTensorVector();
            data.erase("gradients");
            const auto to = d.all();
            for (std::size_t i = 0; i < to.size(); ++i) *to[i] = std::move(gradients[i]);
            d.output_bias = given_back(d.output_bias);
        }
        return scaled(d, grad[0]);
    }
};

bool wants_gradients(const TextConditioned& x, const Tensor& log_scale, const Tensor& bias) {
    if (!at::GradMode::is_enabled()) return false;
    for (const Tensor* t :
         {&x.q, &x.keys, &x.values, &x.output, &x.targets, &x.output_bias, &log_scale, &bias})
        if (t->defined() && t->requires_grad()) return true;
    return false;
}

}  // namespace

Tensor llip_loss(const TextConditioned& x, const Tensor& valid, const Tensor& log_scale,
                 const Tensor& bias, const Llip& options) {
    const PairInputs in(x, options);
    const std::int64_t k = options.texts_per_image;
    TORCH_CHECK(in.texts() % k == 0 &&
                    (options.count > 0 || (options.own_begin >= 0 &&
                                           (options.own_begin + in.images()) * k <= in.texts())),
                "llip_loss: the images have not all their texts");
    TORCH_CHECK(!valid.defined() || (valid.dim() == 1 && valid.size(0) == in.texts()),
                "llip_loss: valid is not [T]");
    TORCH_CHECK(
        !options.drawn.defined() ||
            (options.drawn.dim() == 2 && options.drawn.scalar_type() == at::kLong &&
             options.drawn.size(0) == in.images() && options.drawn.size(1) == in.texts() / k),
        "llip_loss: drawn is not int64 [B, T / texts_per_image]");
    const Tensor mask =
        valid.defined() ? valid : at::ones({in.texts()}, in.q.options().dtype(at::kBool));
    if (!wants_gradients(x, log_scale, bias)) return pairwise(in, mask, log_scale, bias, nullptr);
    return LlipLoss::apply(in.q, in.keys, in.values, in.output, in.targets,
                           kept(in.output_bias, in.q), mask, log_scale, bias, options);
}

Tensor llip_scores(const TextConditioned& x, const Llip& options) {
    const at::NoGradGuard no_grad;
    const PairInputs in(x, options);
    const Tensor scores = at::empty({in.images(), in.texts()}, in.q.options());
    const BlockSizes sizes = block_sizes(in);
    for_each_image_block(
        in, sizes.images, [&](std::int64_t first, std::int64_t last, ImageBlock& images) {
            for (std::int64_t begin = 0; begin < in.texts(); begin += sizes.texts) {
                const std::int64_t end = std::min(begin + sizes.texts, in.texts());
                scores.slice(0, first, last)
                    .slice(1, begin, end)
                    .copy_(
                        images.mix(in.q.slice(0, begin, end), in.targets.slice(0, begin, end)).s);
            }
        });
    return scores;
}

}  // namespace lip::loss
