#include "train/region_terms.h"

#include "loss/region.h"
#include "tensor/device.h"
#include "tensor/math.h"

#include <ATen/ATen.h>

namespace lip::train {

using at::Tensor;

RegionTerms::RegionTerms(const model::LanguageImageModel& model, const Batch& batch,
                         const StepSettings& settings, const tensor::Group& ranks,
                         const Tensor& phrase_place)
    : model_(model), batch_(batch), settings_(settings), ranks_(ranks), device_(model.device()) {
    const BatchRegions& own = batch.regions;
    if (!model.prompter || !own.boxes.defined()) return;
    const Tensor counts =
        ranks.sum(at::stack({own.valid.sum(), own.valid.any(1).sum()}).to(at::kDouble));
    regions_ = counts[0].item<double>();
    if (regions_ == 0) return;
    const double images = counts[1].item<double>(),
                 all = static_cast<double>(own.valid.size(0) * ranks.size()),
                 places = static_cast<double>(own.valid.size(1));
    const model::ClocConfig& c = model.config.cloc;
    weight_ = c.weight * images / all;
    if (c.region_mean == "fixed") weight_ *= regions_ / (images * places);
    phrase_place_ = phrase_place.to(device_);
    phrase_rows_ = own.valid.flatten().nonzero().squeeze(1).to(device_);
}

void RegionTerms::embed_boxes(Part& part, const model::ImageFeatures& features,
                              bool for_backward) const {
    const model::ImageMemory memory = model_.prompter->image_memory(features.tokens);
    part.z = model_.prompter->regions(memory, part.boxes.to(device_));
    if (for_backward) part.memory = memory;
}

void RegionTerms::embed_phrases(Part& part) const {
    if (part.phrases.last.defined())
        part.f = model_.text.pooled(part.phrases.to(device_)).to(at::kFloat);
}

// Features of phrases, as f_, at the places of their regions [B·M, D]; others are 0.
Tensor RegionTerms::at_regions(const Tensor& f) const {
    return at::zeros({batch_.regions.valid.numel(), f.size(1)}, f.options())
        .index_copy(0, phrase_rows_, f.index_select(0, phrase_place_));
}

void RegionTerms::contrast(const std::vector<Part>& parts, StepLoss& result) {
    z_ = join(parts, &Part::z);                            // [B, M, D]
    f_ = phrase_rows_.size(0) > 0 ? join(parts, &Part::f)  // [R, D]
                                  : z_.detach().new_empty({0, z_.size(2)}).requires_grad_(true);
    const bool alone = ranks_.size() == 1;
    const model::ClocConfig& c = model_.config.cloc;
    const Tensor own_t = tensor::unit(at_regions(f_)),
                 own_valid = batch_.regions.valid.flatten().to(device_);
    const std::int64_t places = own_t.size(0), first = ranks_.rank() * places;
    Tensor z = z_.flatten(0, 1), t = own_t;
    if (!alone) {
        z = ranks_.gather(z.detach()).requires_grad_(true);
        t = ranks_.gather(own_t.detach()).requires_grad_(true);
    }
    const Tensor valid = ranks_.gather(own_valid);
    const loss::RegionContrast options{
        .filter = c.filter >= 0 ? std::optional(c.filter) : std::nullopt,
        .filter_centred = c.filter_centred,
        .own_begin = first,
        .own_end = first + places};
    if (options.filter) result.filtered = loss::filtered_share(own_t.detach(), own_valid, options);
    Tensor loss;
    on_few_threads(device_, ranks_.size() * batch_.pixels.size(0), [&] {
        loss = loss::region_contrast(z, t, valid, model_.region_log_scale, options);
        (weight_ * loss).backward();
    });
    if (!alone) {
        z_.mutable_grad() = ranks_.sum_scatter(z.grad()).view_as(z_);
        own_t.backward(ranks_.sum_scatter(t.grad()));
    }
    result.region = ranks_.sum(loss.detach());
}

std::vector<Tensor> RegionTerms::box_seeds(const std::vector<Part>& parts) const {
    std::vector<std::int64_t> rows;
    for (const Part& part : parts) rows.push_back(part.boxes.size(0));
    return z_.grad().split_with_sizes(rows);
}

std::vector<Tensor> RegionTerms::phrase_seeds(const std::vector<Part>& parts) const {
    std::vector<std::int64_t> rows;
    for (const Part& part : parts) rows.push_back(part.f.defined() ? part.f.size(0) : 0);
    return f_.grad().split_with_sizes(rows);
}

double RegionTerms::grounding_weight() const {
    const model::ClocConfig& c = model_.config.cloc;
    return c.has_grounding() ? weight_ * c.grounding_weight : 0;
}

void RegionTerms::ground(Part& part, const Tensor& phrases) const {
    const std::int64_t m = part.boxes.size(1), first = part.first * m;
    part.own_phrases = phrases.slice(0, first, first + part.boxes.size(0) * m)
                           .view({-1, m, phrases.size(1)})
                           .detach()
                           .requires_grad_(true);
    const tensor::Autocast autocast(device_, settings_.precision);
    const Tensor found = model_.prompter->boxes(part.memory, part.own_phrases);
    part.grounding_loss =
        loss::grounding_loss(part.boxes.to(found.options().requires_grad(false)).flatten(0, 1),
                             found.flatten(0, 1), part.boxes_valid.to(device_).flatten(), regions_);
}

void RegionTerms::add(std::vector<Part>& parts, StepLoss& result) {
    const at::NoGradGuard no_grad;
    if (!result.global.defined()) result.global = result.total;
    result.total = result.total + weight_ * result.region;
    if (!is_grounded()) return;
    std::vector<Tensor> losses, gradients;
    for (const Part& part : parts) {
        losses.push_back(part.grounding_loss);
        gradients.push_back(part.own_phrases.grad().flatten(0, 1));
    }
    result.grounding = ranks_.sum(at::stack(losses).sum());
    result.total = result.total + grounding_weight() * result.grounding;
    f_.mutable_grad().index_add_(0, phrase_place_,
                                 at::cat(gradients).index_select(0, phrase_rows_));
}

}  // namespace lip::train
