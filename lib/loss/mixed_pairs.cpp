#include "loss/mixed_pairs.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lip::loss {
namespace {

using at::Tensor;

// [n, D] -> [M, n, D/M], a view that matrix products take as it is.
Tensor by_head(const Tensor& x, std::int64_t heads) {
    return x.view({x.size(0), heads, x.size(1) / heads}).transpose(0, 1);
}

void add_product(Tensor& sum, const Tensor& a, const Tensor& b) {
    if (sum.defined())
        sum.baddbmm_(a, b);
    else
        sum = a.bmm(b);
}

}  // namespace

PairInputs::PairInputs(const TextConditioned& x, const Llip& o)
    : q(x.q.contiguous()),
      keys(x.keys.contiguous()),
      values(x.values.contiguous()),
      output(x.output.contiguous()),
      targets(x.targets.contiguous()),
      output_bias(x.output_bias),
      options(o) {
    TORCH_CHECK(q.dim() == 2 && q.sizes() == targets.sizes(),
                "llip: queries and targets are not both [T, D]");
    TORCH_CHECK(keys.dim() == 3 && keys.sizes() == values.sizes() && keys.size(1) > 0 &&
                    keys.size(2) == q.size(1),
                "llip: keys and values are not both [B, K, D]");
    TORCH_CHECK(output.dim() == 2 && output.size(0) == q.size(1) && output.size(1) == q.size(1),
                "llip: the output projection is not [D, D]");
    TORCH_CHECK(
        !output_bias.defined() || (output_bias.dim() == 1 && output_bias.size(0) == q.size(1)),
        "llip: the output bias is not [D]");
    const auto type = q.scalar_type();
    TORCH_CHECK((type == at::kFloat || type == at::kDouble) && keys.scalar_type() == type &&
                    values.scalar_type() == type && output.scalar_type() == type &&
                    targets.scalar_type() == type &&
                    (!output_bias.defined() || output_bias.scalar_type() == type),
                "llip: inputs are neither all float nor all double");
    TORCH_CHECK(options.heads > 0 && q.size(1) % options.heads == 0 && options.tau > 0 &&
                    options.texts_per_image > 0 && options.count >= 0 && options.images >= 0 &&
                    options.text_chunk >= 0 && options.tile_mib >= 0,
                "llip: heads, tau or sizes do not fit");
}

BlockSizes block_sizes(const PairInputs& in) {
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

ImageBlock::ImageBlock(const PairInputs& in, std::int64_t begin, std::int64_t end)
    : in_(in),
      count_(end - begin),
      keys_(by_head(in.keys.slice(0, begin, end).flatten(0, 1), in.options.heads)),
      values_(by_head(in.values.slice(0, begin, end).flatten(0, 1), in.options.heads)),
      output_(by_head(in.output, in.options.heads)) {
    w_ = images_first(values_.bmm(output_.transpose(1, 2)));  // [B, M K, D]
    if (in.output_bias.defined()) w_ = w_ + in.output_bias / in.options.heads;
}

MixedBlock ImageBlock::mix(const Tensor& q, const Tensor& targets) const {
    MixedBlock x;
    x.q = by_head(q.div(in_.options.tau), in_.options.heads);
    x.targets = targets;
    const Tensor e = keys_.bmm(x.q.transpose(1, 2));  // [M, B K, T]
    x.phi = at::_softmax(e.view({in_.options.heads, count_, in_.tokens(), q.size(0)}),
                         /*dim=*/2, /*half_to_float=*/false);
    x.z = images_first(x.phi).transpose(1, 2).bmm(w_);  // [B, T, D]
    x.norm = at::linalg_vector_norm(x.z, 2, at::IntArrayRef{-1}).clamp_min_(1e-12);
    x.s = (x.z * x.targets).sum(-1).div_(x.norm);
    return x;
}

void ImageBlock::add_gradients(MixedBlock& x, const Tensor& ds, Tensor dq, Tensor dtargets) {
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

void ImageBlock::finish(Tensor dkeys, Tensor dvalues, Tensor doutput, Tensor doutput_bias) {
    const Tensor dw = heads_first(dw_).flatten(1, 2);  // [M, B K, D]
    by_head(dkeys.view({-1, in_.width()}), in_.options.heads).copy_(dkeys_);
    by_head(dvalues.view({-1, in_.width()}), in_.options.heads).copy_(dw.bmm(output_));
    doutput.baddbmm_(dw.transpose(1, 2), values_);
    if (doutput_bias.defined()) doutput_bias.add_(dw.sum({0, 1}) / in_.options.heads);
}

// [M, B, K, n] or [M, B K, n] -> [B, M K, n]; a view for a single image.
Tensor ImageBlock::images_first(const Tensor& x) const {
    return x.view({in_.options.heads, count_, in_.tokens(), -1})
        .transpose(0, 1)
        .reshape({count_, in_.rows(), -1});
}

// [B, M K, n] -> [M, B, K, n]
Tensor ImageBlock::heads_first(const Tensor& x) const {
    return x.view({count_, in_.options.heads, in_.tokens(), -1}).transpose(0, 1).contiguous();
}

}  // namespace lip::loss
