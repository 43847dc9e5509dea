#include "train/feature_loss.h"

#include "record/keyed_rng.h"
#include "train/negatives.h"
#include "train/parts.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace lip::train {
namespace {

using at::Tensor;

std::int64_t slots(const FeatureLoss& of) {
    return of.batch.valid.size(1);
}

// [B K, ...] -> [B, K, ...]
Tensor in_order(const FeatureLoss& of, const Tensor& t, const Tensor& place) {
    return t.index_select(0, place).view({of.batch.pixels.size(0), slots(of), -1});
}

// Of the own texts, [b, K, ...].
void set_text_gradient(Tensor& t, const Tensor& place, const Tensor& gradient) {
    const at::NoGradGuard no_grad;
    t.mutable_grad() = at::zeros_like(t);
    t.mutable_grad().index_copy_(0, place, gradient.flatten(0, 1));
}

// Numbers that are equal where texts are, if the method asks for them.
Tensor text_ids(const FeatureLoss& of, c10::Device device) {
    if (!of.model.config.dreamlip.mask_equal_texts) return {};
    std::vector<std::int64_t> all;
    for (const model::TokenIds& text : of.batch.texts) {
        const auto* bytes = reinterpret_cast<const char*>(text.data());
        all.push_back(
            static_cast<std::int64_t>(record::fnv1a64({bytes, text.size() * sizeof text[0]})));
    }
    const Tensor own = at::tensor(all, at::TensorOptions(at::kLong)).view({-1, slots(of)});
    return of.ranks.gather(own).to(device);
}

// Which text of each image of the joined batch is a negative of an own one: int64 [b, B], if the
// method draws them.
Tensor drawn(const FeatureLoss& of, c10::Device device) {
    if (!of.method.draws_negatives || !of.method.draws_negatives(of.model.config)) return {};
    const Tensor own = draws_of(of.batch);
    return draw_negatives(own, of.ranks.gather(own), of.ranks.gather(of.batch.valid)).to(device);
}

Tensor loss_of_all(const FeatureLoss& of, Tensor& v, Tensor& t, const Tensor& place) {
    const std::int64_t images = of.batch.pixels.size(0), first = of.ranks.rank() * images;
    BatchFeatures all = {.v = v,
                         .t = Tensor(),
                         .valid = of.ranks.gather(of.batch.valid.to(v.device())),
                         .text_ids = text_ids(of, v.device()),
                         .drawn = drawn(of, v.device()),
                         .own_begin = first,
                         .own_end = first + images};
    const bool alone = of.ranks.size() == 1;
    const bool own_images = alone || of.method.own_images_suffice;
    if (!own_images) all.v = of.ranks.gather(v).requires_grad_(true);
    if (!alone) all.t = of.ranks.gather(in_order(of, t, place)).requires_grad_(true);
    Tensor loss;
    on_few_threads(v.device(), all.valid.size(0), [&] {
        if (alone) all.t = in_order(of, t, place);
        loss = of.method.loss(of.model, all);
        (of.weight == 1 ? loss : of.weight * loss).backward();
    });
    if (!own_images) v.mutable_grad() = of.ranks.sum_scatter(all.v.grad());
    if (!alone) set_text_gradient(t, place, of.ranks.sum_scatter(all.t.grad()));
    return of.ranks.sum(loss.detach());
}

// The same with the texts of one rank at a time: they go round, with the sum of their gradients,
// and are back home after as many hops as there are ranks.
Tensor loss_in_a_ring(const FeatureLoss& of, Tensor& v, Tensor& t, const Tensor& place) {
    const std::int64_t images = of.batch.pixels.size(0);
    const int ranks = of.ranks.size();
    Tensor texts = in_order(of, t.detach(), place);
    Tensor valid = of.batch.valid.to(v.device()), sum = at::zeros_like(texts);
    const Tensor all_drawn = drawn(of, v.device());
    Tensor loss = at::zeros({}, v.options().requires_grad(false));
    for (int hop = 0; hop < ranks; ++hop) {
        const int owner = (of.ranks.rank() + ranks - hop) % ranks;
        BatchFeatures some = {
            .v = v,
            .t = texts.detach().requires_grad_(true),
            .valid = valid,
            .text_ids = Tensor(),
            .drawn = all_drawn.defined() ? all_drawn.slice(1, owner * images, (owner + 1) * images)
                                         : Tensor(),
            .own_begin = (of.ranks.rank() - owner) * images,
            .count = std::max<std::int64_t>(std::llround(of.all_valid), 1),
            .images = ranks * images};
        on_few_threads(v.device(), images, [&] {
            const Tensor part = of.method.loss(of.model, some);
            (of.weight == 1 ? part : of.weight * part).backward();
            loss.add_(part.detach());
        });
        sum = of.ranks.pass_on(sum + some.t.grad());
        texts = of.ranks.pass_on(texts);
        valid = of.ranks.pass_on(valid);
    }
    set_text_gradient(t, place, sum);
    return of.ranks.sum(loss);
}

}  // namespace

Tensor loss_of_features(const FeatureLoss& of, Tensor& v, Tensor& t, const Tensor& place) {
    return of.ring && of.ranks.size() > 1 ? loss_in_a_ring(of, v, t, place)
                                          : loss_of_all(of, v, t, place);
}

}  // namespace lip::train
