#include "loss/llip.h"

#include "tensor/math.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace lip::loss {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// W_O is taken into the values, w_ik^m = W_O^m v_ik^m, once for an image: then z_ij is one product
// of the weights [T, M K] and w [M K, D], and its gradients are two more.
struct LlipInputs {
    Tensor q, keys, values, output, targets;
    Llip options;

    std::int64_t images() const { return keys.size(0); }
    std::int64_t tokens() const { return keys.size(1); }
    std::int64_t texts() const { return q.size(0); }
    std::int64_t width() const { return q.size(1); }
    std::int64_t rows() const { return options.heads * tokens(); }  // M K
};

// [n, D] -> [M, n, D/M], a view that matrix products take as it is.
Tensor by_head(const Tensor& x, std::int64_t heads) {
    return x.view({x.size(0), heads, x.size(1) / heads}).transpose(0, 1);
}

// How many images and texts are taken at a time.
struct BlockSizes {
    std::int64_t images, texts;
};

BlockSizes block_sizes(const LlipInputs& in) {
    constexpr double kCacheMib = 4;
    const bool cached = in.q.device().is_cpu();
    const double mib = cached ? std::min(in.options.tile_mib, kCacheMib) : in.options.tile_mib;
    const auto numbers = static_cast<std::int64_t>(mib * (1 << 20)) / in.q.element_size();
    const std::int64_t wide = std::max(in.width(), in.rows());
    const std::int64_t fitting = in.options.text_chunk > 0
                                     ? in.options.text_chunk
                                     : std::max<std::int64_t>(numbers / wide, 1);
    const std::int64_t texts = std::min(fitting, std::max<std::int64_t>(in.texts(), 1));
    const std::int64_t images = numbers / std::max(texts * wide, in.rows() * in.width());
    return {std::clamp<std::int64_t>(images, 1, std::max<std::int64_t>(in.images(), 1)), texts};
}

// Some images with some texts.
struct MixedBlock {
    Tensor q;        // [M, T, D/M], divided by tau
    Tensor targets;  // [T, D]
    Tensor phi;      // [M, B, K, T]
    Tensor z;        // [B, T, D]
    Tensor norm, s;  // [B, T]
};

// Some images, for all texts.
class ImageBlock {
public:
    ImageBlock(const LlipInputs& in, std::int64_t begin, std::int64_t end)
        : in_(in),
          count_(end - begin),
          keys_(by_head(in.keys.slice(0, begin, end).flatten(0, 1), in.options.heads)),
          values_(by_head(in.values.slice(0, begin, end).flatten(0, 1), in.options.heads)),
          output_(by_head(in.output, in.options.heads)) {
        w_ = images_first(values_.bmm(output_.transpose(1, 2)));  // [B, M K, D]
    }

    MixedBlock mix(std::int64_t begin, std::int64_t end) const {
        MixedBlock x;
        x.q = by_head(in_.q.slice(0, begin, end).div(in_.options.tau), in_.options.heads);
        x.targets = in_.targets.slice(0, begin, end);
        const Tensor e = keys_.bmm(x.q.transpose(1, 2));  // [M, B K, T]
        x.phi = at::_softmax(e.view({in_.options.heads, count_, in_.tokens(), end - begin}),
                             /*dim=*/2, /*half_to_float=*/false);
        x.z = images_first(x.phi).transpose(1, 2).bmm(w_);  // [B, T, D]
        x.norm = at::linalg_vector_norm(x.z, 2, at::IntArrayRef{-1}).clamp_min_(1e-12);
        x.s = (x.z * x.targets).sum(-1).div_(x.norm);
        return x;
    }

    // ds [B, T] is dL/ds. Adds to the rows dq and dtargets [T, D] of the block's texts. Uses up z.
    void add_gradients(MixedBlock& x, const Tensor& ds, Tensor dq, Tensor dtargets) {
        const Tensor factor = (ds / x.norm).unsqueeze(2);  // [B, T, 1]
        if (count_ == 1)
            dtargets.addcmul_(x.z[0], factor[0]);
        else
            dtargets.add_((x.z * factor).sum(0));
        const Tensor along = (factor.squeeze(2) * x.s / x.norm).neg_().unsqueeze(2);
        const Tensor dz = x.z.mul_(along).addcmul_(x.targets, factor);  // [B, T, D]
        add_product(dw_, images_first(x.phi), dz);
        const Tensor dphi = heads_first(w_.bmm(dz.transpose(1, 2)));  // [M, B, K, T]
        const Tensor de =
            at::_softmax_backward_data(dphi, x.phi, /*dim=*/2, dphi.scalar_type()).flatten(1, 2);
        add_product(dkeys_, de, x.q);
        by_head(dq, in_.options.heads).baddbmm_(de.transpose(1, 2), keys_);
    }

    // After all texts: writes dkeys and dvalues [B, K, D] of the images, adds to doutput [M, D,
    // D/M].
    void finish(Tensor dkeys, Tensor dvalues, Tensor doutput) const {
        const Tensor dw = heads_first(dw_).flatten(1, 2);  // [M, B K, D]
        by_head(dkeys.view({-1, in_.width()}), in_.options.heads).copy_(dkeys_);
        by_head(dvalues.view({-1, in_.width()}), in_.options.heads).copy_(dw.bmm(output_));
        doutput.baddbmm_(dw.transpose(1, 2), values_);
    }

private:
    // [M, B, K, n] or [M, B K, n] -> [B, M K, n]; a view for a single image.
    Tensor images_first(const Tensor& x) const {
        return x.view({in_.options.heads, count_, in_.tokens(), -1})
            .transpose(0, 1)
            .reshape({count_, in_.rows(), -1});
    }
    // [B, M K, n] -> [M, B, K, n]
    Tensor heads_first(const Tensor& x) const {
        return x.view({count_, in_.options.heads, in_.tokens(), -1}).transpose(0, 1).contiguous();
    }
    static void add_product(Tensor& sum, const Tensor& a, const Tensor& b) {
        if (sum.defined())
            sum.baddbmm_(a, b);
        else
            sum = a.bmm(b);
    }

    const LlipInputs& in_;
    std::int64_t count_;
    Tensor keys_, values_, output_;  // [M, B K, D/M], the last [M, D, D/M]
    Tensor w_;                       // [B, M K, D]
    Tensor dw_, dkeys_;              // as w and keys, sums over the texts
};

// Calls body(image begin, image end, block) once for some images, which goes through the texts.
template <class Body>
void for_each_image_block(const LlipInputs& in, std::int64_t step, const Body& body) {
    for (std::int64_t begin = 0; begin < in.images(); begin += step) {
        const std::int64_t end = std::min(begin + step, in.images());
        ImageBlock block(in, begin, end);
        body(begin, end, block);
    }
}

struct LlipGradients {
    Tensor q, keys, values, output, targets, log_scale, bias;
};

LlipGradients zero_gradients(const LlipInputs& in) {
    const auto zeros = [](const Tensor& x) {
        return at::zeros_like(x, at::MemoryFormat::Contiguous);
    };
    const std::int64_t m = in.options.heads;
    return {zeros(in.q),
            at::empty_like(in.keys, at::MemoryFormat::Contiguous),
            at::empty_like(in.values, at::MemoryFormat::Contiguous),
            at::zeros({m, in.width(), in.width() / m}, in.output.options()),
            zeros(in.targets),
            at::zeros({}, in.q.options()),
            at::zeros({}, in.q.options())};
}

// The loss; its gradients too, unless `d` is null.
Tensor pairwise(const LlipInputs& in, const Tensor& valid, const Tensor& log_scale,
                const Tensor& bias, LlipGradients* d) {
    const auto type = in.q.scalar_type();
    const Tensor a = log_scale.exp().to(type), b = bias.to(type);
    const Tensor count = in.options.count > 0 ? at::full({}, in.options.count, in.q.options())
                                              : valid.sum().to(type);
    const Tensor lost = valid.logical_not();
    const auto integers = at::TensorOptions(at::kLong).device(in.q.device());
    const Tensor image_of_text =
        at::arange(in.texts(), integers).div(in.options.texts_per_image, "floor");
    const Tensor image = at::arange(in.images(), integers).add_(in.options.own_begin).unsqueeze(1);
    Tensor loss = at::zeros({}, in.q.options());
    if (d) *d = zero_gradients(in);
    const BlockSizes sizes = block_sizes(in);
    for_each_image_block(
        in, sizes.images, [&](std::int64_t first, std::int64_t last, ImageBlock& images) {
            for (std::int64_t begin = 0; begin < in.texts(); begin += sizes.texts) {
                const std::int64_t end = std::min(begin + sizes.texts, in.texts());
                MixedBlock x = images.mix(begin, end);
                const Tensor own =
                    image.slice(0, first, last) == image_of_text.slice(0, begin, end);
                const Tensor sign = own.to(type).mul_(-2).add_(1);  // -1 for own pairs, else 1
                const Tensor y =
                    (x.s * a + b).mul_(sign).masked_fill_(lost.slice(0, begin, end), -INFINITY);
                // In full precision: ATen's default is y from 20 on.
                loss.add_(at::softplus(y, /*beta=*/1, /*threshold=*/40).sum());
                if (!d) continue;
                const Tensor dl = y.sigmoid().div_(count).mul_(sign);
                d->log_scale.add_((dl * x.s).sum());
                d->bias.add_(dl.sum());
                images.add_gradients(x, dl * a, d->q.slice(0, begin, end),
                                     d->targets.slice(0, begin, end));
            }
            if (d)
                images.finish(d->keys.slice(0, first, last), d->values.slice(0, first, last),
                              d->output);
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

variable_list scaled(LlipGradients& d, const Tensor& by) {
    for (Tensor* x : {&d.q, &d.keys, &d.values, &d.output, &d.targets, &d.log_scale, &d.bias})
        x->mul_(by);
    return {std::move(d.q),         std::move(d.keys),    std::move(d.values),
            std::move(d.output),    std::move(d.targets), Tensor(),
            std::move(d.log_scale), std::move(d.bias),    Tensor()};
}

struct LlipLoss : torch::autograd::Function<LlipLoss> {
    static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& keys,
                          const Tensor& values, const Tensor& output, const Tensor& targets,
                          const Tensor& valid, const Tensor& log_scale, const Tensor& bias,
                          const Llip& options) {
        const LlipInputs in{q, keys, values, output, targets, options};
        auto& data = context->saved_data;
        data["recompute"] = options.recompute;
        if (options.recompute) {
            context->save_for_backward({q, keys, values, output, targets, valid, log_scale, bias});
            data["heads"] = options.heads;
            data["tau"] = options.tau;
            data["texts_per_image"] = options.texts_per_image;
            data["own_begin"] = options.own_begin;
            data["count"] = options.count;
            data["tile_mib"] = options.tile_mib;
            data["text_chunk"] = options.text_chunk;
            return pairwise(in, valid, log_scale, bias, nullptr);
        }
        LlipGradients d;
        const Tensor loss = pairwise(in, valid, log_scale, bias, &d);
        data["gradients"] =
            std::vector<Tensor>{d.q, d.keys, d.values, d.output, d.targets, d.log_scale, d.bias};
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
            options.tile_mib = data["tile_mib"].toDouble();
            options.text_chunk = data["text_chunk"].toInt();
            const LlipInputs in{saved[0], saved[1], saved[2], saved[3], saved[4], options};
            pairwise(in, saved[5], saved[6], saved[7], &d);
        } else {
            // Handed over rather than copied: they are as large as the inputs.
            TORCH_CHECK(data.find("gradients") != data.end(),
                        "llip_loss: a second backward call, its gradients are gone");
            std::vector<Tensor> kept = data["gradients"].toTensorVector();
            data.erase("gradients");
            d = {std::move(kept[0]), std::move(kept[1]), std::move(kept[2]), std::move(kept[3]),
                 std::move(kept[4]), std::move(kept[5]), std::move(kept[6])};
        }
        return scaled(d, grad[0]);
    }
};

LlipInputs checked(const Tensor& q, const Tensor& keys, const Tensor& values, const Tensor& output,
                   const Tensor& targets, const Llip& options) {
    TORCH_CHECK(q.dim() == 2 && q.sizes() == targets.sizes(),
                "llip: queries and targets are not both [T, D]");
    TORCH_CHECK(keys.dim() == 3 && keys.sizes() == values.sizes() && keys.size(1) > 0 &&
                    keys.size(2) == q.size(1),
                "llip: keys and values are not both [B, K, D]");
    TORCH_CHECK(output.dim() == 2 && output.size(0) == q.size(1) && output.size(1) == q.size(1),
                "llip: the output projection is not [D, D]");
    const auto type = q.scalar_type();
    TORCH_CHECK((type == at::kFloat || type == at::kDouble) && keys.scalar_type() == type &&
                    values.scalar_type() == type && output.scalar_type() == type &&
                    targets.scalar_type() == type,
                "llip: inputs are neither all float nor all double");
    TORCH_CHECK(options.heads > 0 && q.size(1) % options.heads == 0 && options.tau > 0 &&
                    options.texts_per_image > 0 && options.count >= 0 && options.text_chunk >= 0 &&
                    options.tile_mib >= 0,
                "llip: heads, tau or sizes do not fit");
    return {q.contiguous(),      keys.contiguous(),    values.contiguous(),
            output.contiguous(), targets.contiguous(), options};
}

}  // namespace

Tensor llip_loss(const Tensor& q, const Tensor& keys, const Tensor& values, const Tensor& output,
                 const Tensor& targets, const Tensor& valid, const Tensor& log_scale,
                 const Tensor& bias, const Llip& options) {
    const LlipInputs in = checked(q, keys, values, output, targets, options);
    TORCH_CHECK(q.size(0) % options.texts_per_image == 0 &&
                    (options.count > 0 ||
                     (options.own_begin >= 0 &&
                      (options.own_begin + keys.size(0)) * options.texts_per_image <= q.size(0))),
                "llip_loss: the images have not all their texts");
    TORCH_CHECK(!valid.defined() || (valid.dim() == 1 && valid.size(0) == q.size(0)),
                "llip_loss: valid is not [T]");
    const Tensor mask =
        valid.defined() ? valid : at::ones({q.size(0)}, q.options().dtype(at::kBool));
    const auto wants = [](const Tensor& x) { return x.requires_grad(); };
    if (!at::GradMode::is_enabled() ||
        !(wants(q) || wants(keys) || wants(values) || wants(output) || wants(targets) ||
          wants(log_scale) || wants(bias)))
        return pairwise(in, mask, log_scale, bias, nullptr);
    return LlipLoss::apply(in.q, in.keys, in.values, in.output, in.targets, mask, log_scale, bias,
                           options);
}

Tensor llip_scores(const Tensor& q, const Tensor& keys, const Tensor& values, const Tensor& output,
                   const Tensor& targets, const Llip& options) {
    const at::NoGradGuard no_grad;
    const LlipInputs in = checked(q, keys, values, output, targets, options);
    const Tensor scores = at::empty({in.images(), in.texts()}, q.options());
    const BlockSizes sizes = block_sizes(in);
    for_each_image_block(
        in, sizes.images, [&](std::int64_t first, std::int64_t last, ImageBlock& images) {
            for (std::int64_t begin = 0; begin < in.texts(); begin += sizes.texts) {
                const std::int64_t end = std::min(begin + sizes.texts, in.texts());
                scores.slice(0, first, last).slice(1, begin, end).copy_(images.mix(begin, end).s);
            }
        });
    return scores;
}

}  // namespace lip::loss
