#include "train/step.h"

#include "loss/region.h"
#include "record/keyed_rng.h"
#include "tensor/device.h"
#include "tensor/math.h"
#include "tensor/parallel.h"
#include "train/parts.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

namespace lip::train {
namespace {

using at::Tensor;
using model::LanguageImageModel;

constexpr std::int64_t kPartImages = 16;
constexpr std::int64_t kLossOnOneThread = 512;  // images

// One step: its batch in parts, and what is known of the losses.
class Step {
public:
    Step(const Method& method, const LanguageImageModel& model, const Batch& batch,
         const StepSettings& settings)
        : method_(method),
          model_(model),
          batch_(batch),
          settings_(settings),
          device_(model.device()),
          slots_(batch.valid.size(1)),
          count_(part_count(batch.pixels.size(0))),
          crew_(device_, count_),
          weight_(method.loss_weight ? method.loss_weight(model.config) : 1),
          patch_weight_(method.patch_weight ? method.patch_weight(model.config) : 0),
          ranks_(settings.ranks ? *settings.ranks : alone_),
          all_valid_(ranks_.sum(batch.valid.sum()).item<double>()) {
        for (const auto& [name, parameter] : model.parameters.all()) {
            parameters_.push_back(parameter);
            (name.starts_with("visual.") ? of_images_ : of_texts_).push_back(parameter);
        }
        auto divided = divide(batch, count_, model.config.text);
        parts_ = std::move(divided.parts);
        place_ = divided.place.to(device_);
        if (model.prompter && batch.regions.boxes.defined()) count_regions(divided.phrase_place);
    }

    StepLoss run() {
        crew_.for_each(0, count_, [&](std::int64_t i) {
            const at::AutoGradMode graph(!settings_.recompute);
            embed_images(part(i), /*for_backward=*/!settings_.recompute);
            embed_texts(part(i));
        });
        v_ = join(parts_, &Part::v);  // [B, ...]
        t_ = join(parts_, &Part::t);  // [B·K, ...], rows by length
        StepLoss result;
        result.total = settings_.ring && ranks_.size() > 1 ? loss_in_a_ring() : loss_of_features();
        if (regions_ > 0) result.region = loss_of_regions(result.filtered);
        back_through_images();
        auto exchange = ranks_.sum_gradients(of_images_);
        if (patch_weight_ != 0) {
            result.global = result.total;
            result.local = ranks_.sum(add_patches());
            result.total = weight_ * result.global + patch_weight_ * result.local;
        } else if (weight_ != 1) {
            result.global = result.total;
            result.total = weight_ * result.global;
        }
        if (regions_ > 0) add_regions(result);
        back_through_texts();
        auto rest = ranks_.sum_gradients(of_texts_);
        exchange.finish();
        rest.finish();
        return result;
    }

private:
    std::int64_t part_count(std::int64_t images) const {
        if (settings_.part_images == 0 && !device_.is_cpu()) return 1;
        const std::int64_t most = settings_.part_images > 0 ? settings_.part_images : kPartImages;
        return (images + most - 1) / most;
    }
    Part& part(std::int64_t i) { return parts_[static_cast<std::size_t>(i)]; }

    // `for_backward`: what only the backward pass needs, too.
    void embed_images(Part& part, bool for_backward) const {
        const tensor::Autocast autocast(device_, settings_.precision);
        const bool with_patches = patch_weight_ != 0 && for_backward;
        const model::ImageFeatures features =
            model_.encode_images(part.pixels, {.patches = with_patches, .tokens = regions_ > 0});
        part.v = method_.image_features ? method_.image_features(model_, features.pooled)
                                        : tensor::unit(features.pooled);
        if (with_patches) part.u = tensor::unit(features.patches);
        if (regions_ == 0) return;
        const model::ImageMemory memory = model_.prompter->remember(features.tokens);
        part.z = model_.prompter->regions(memory, part.boxes.to(device_));
        if (for_backward) part.memory = memory;
    }
    void embed_texts(Part& part) const {
        const tensor::Autocast autocast(device_, settings_.precision);
        part.t = method_.text_features ? method_.text_features(model_, part.texts)
                                       : model_.embed_texts(part.texts);
        if (regions_ > 0 && part.phrases.last.defined())
            part.f = model_.text.pooled(part.phrases.to(device_)).to(at::kFloat);
    }

    // The loss of all pairs, and its gradient at the features.
    Tensor loss_of_features() {
        const std::int64_t images = batch_.pixels.size(0), first = ranks_.rank() * images;
        const auto in_order = [&] { return t_.index_select(0, place_).view({images, slots_, -1}); };
        BatchFeatures all = {.v = v_,
                             .t = Tensor(),
                             .valid = ranks_.gather(batch_.valid.to(device_)),
                             .text_ids = text_ids(),
                             .own_begin = first,
                             .own_end = first + images};
        const bool alone = ranks_.size() == 1;
        const bool own_images = alone || method_.own_images_suffice;
        if (!own_images) all.v = ranks_.gather(v_).requires_grad_(true);
        if (!alone) {
            all.t = ranks_.gather(in_order()).requires_grad_(true);
        }
        Tensor loss;
        on_few_threads(all.valid.size(0), [&] {
            if (alone) all.t = in_order();
            loss = method_.loss(model_, all);
            (weight_ == 1 ? loss : weight_ * loss).backward();
        });
        if (!own_images) v_.mutable_grad() = ranks_.sum_scatter(all.v.grad());
        if (!alone) set_text_gradient(ranks_.sum_scatter(all.t.grad()));
        return ranks_.sum(loss.detach());
    }

    // The same with the texts of one rank at a time: they go round, with the sum of their
    // gradients, and are back home after as many hops as there are ranks.
    Tensor loss_in_a_ring() {
        const std::int64_t images = batch_.pixels.size(0);
        const int ranks = ranks_.size();
        Tensor texts = t_.detach().index_select(0, place_).view({images, slots_, -1});
        Tensor valid = batch_.valid.to(device_), sum = at::zeros_like(texts);
        Tensor loss = at::zeros({}, v_.options().requires_grad(false));
        for (int hop = 0; hop < ranks; ++hop) {
            const int owner = (ranks_.rank() + ranks - hop) % ranks;
            BatchFeatures some = {.v = v_,
                                  .t = texts.detach().requires_grad_(true),
                                  .valid = valid,
                                  .text_ids = Tensor(),
                                  .own_begin = (ranks_.rank() - owner) * images,
                                  .count = std::max<std::int64_t>(std::llround(all_valid_), 1)};
            on_few_threads(images, [&] {
                const Tensor part = method_.loss(model_, some);
                part.backward();
                loss.add_(part.detach());
            });
            sum = ranks_.pass_on(sum + some.t.grad());
            texts = ranks_.pass_on(texts);
            valid = ranks_.pass_on(valid);
        }
        set_text_gradient(sum);
        return ranks_.sum(loss);
    }

    // How many regions and images with regions all ranks have, and their weight in the loss.
    void count_regions(const Tensor& phrase_place) {
        const BatchRegions& own = batch_.regions;
        const Tensor counts =
            ranks_.sum(at::stack({own.valid.sum(), own.valid.any(1).sum()}).to(at::kDouble));
        regions_ = counts[0].item<double>();
        if (regions_ == 0) return;
        const double images = counts[1].item<double>(),
                     all = static_cast<double>(own.valid.size(0) * ranks_.size()),
                     places = static_cast<double>(own.valid.size(1));
        const model::ClocConfig& c = model_.config.cloc;
        region_weight_ = c.weight * images / all;
        if (c.region_mean == "fixed") region_weight_ *= regions_ / (images * places);
        phrase_place_ = phrase_place.to(device_);
        phrase_rows_ = own.valid.flatten().nonzero().squeeze(1).to(device_);
    }

    // Features of phrases, as f_, at the places of their regions [B·M, D]; others are 0.
    Tensor at_regions(const Tensor& f) const {
        return at::zeros({batch_.regions.valid.numel(), f.size(1)}, f.options())
            .index_copy(0, phrase_rows_, f.index_select(0, phrase_place_));
    }

    // The contrast of all regions with all phrases (CLOC), and its gradient at their features.
    Tensor loss_of_regions(double& filtered) {
        z_ = join(parts_, &Part::z);                            // [B, M, D]
        f_ = phrase_rows_.size(0) > 0 ? join(parts_, &Part::f)  // [R, D], rows by length
                                      : z_.detach().new_empty({0, z_.size(2)}).requires_grad_(true);
        const bool alone = ranks_.size() == 1;
        const model::ClocConfig& c = model_.config.cloc;
        const Tensor own_t = tensor::unit(at_regions(f_));
        const std::int64_t places = own_t.size(0), first = ranks_.rank() * places;
        Tensor z = z_.flatten(0, 1), t = own_t;
        if (!alone) {
            z = ranks_.gather(z.detach()).requires_grad_(true);
            t = ranks_.gather(own_t.detach()).requires_grad_(true);
        }
        const Tensor valid = ranks_.gather(batch_.regions.valid.flatten().to(device_));
        const loss::RegionContrast options{
            .filter = c.filter >= 0 ? std::optional(c.filter) : std::nullopt,
            .filter_centred = c.filter_centred,
            .own_begin = first,
            .own_end = first + places};
        filtered = loss::filtered_share(own_t.detach(), batch_.regions.valid.flatten().to(device_),
                                        options);
        Tensor loss;
        on_few_threads(ranks_.size() * batch_.pixels.size(0), [&] {
            loss = loss::region_contrast(z, t, valid, model_.region_log_scale, options);
            (region_weight_ * loss).backward();
        });
        if (!alone) {
            z_.mutable_grad() = ranks_.sum_scatter(z.grad()).view_as(z_);
            own_t.backward(ranks_.sum_scatter(t.grad()));
        }
        return ranks_.sum(loss.detach());
    }

    // The grounding of the parts, and the gradient of their phrases.
    void add_regions(StepLoss& result) {
        const at::NoGradGuard no_grad;
        double weight = 0;
        if (grounding_weight() != 0) {
            std::vector<Tensor> losses, gradients;
            for (Part& part : parts_) {
                losses.push_back(part.grounding_loss);
                gradients.push_back(part.own_phrases.grad().flatten(0, 1));
            }
            weight = grounding_weight();
            result.grounding = ranks_.sum(at::stack(losses).sum());
            f_.mutable_grad().index_add_(0, phrase_place_,
                                         at::cat(gradients).index_select(0, phrase_rows_));
        }
        if (!result.global.defined()) result.global = result.total;
        result.total = result.total + region_weight_ * result.region;
        if (weight != 0) result.total = result.total + weight * result.grounding;
    }

    double grounding_weight() const {
        const model::ClocConfig& c = model_.config.cloc;
        return c.has_grounding() ? region_weight_ * c.grounding_weight : 0;
    }

    // Of the own texts, [b, K, ...].
    void set_text_gradient(const Tensor& gradient) {
        const at::NoGradGuard no_grad;
        t_.mutable_grad() = at::zeros_like(t_);
        t_.mutable_grad().index_copy_(0, place_, gradient.flatten(0, 1));
    }

    // The loss of few images is the same bits for any number of threads.
    template <class Body>
    void on_few_threads(std::int64_t images, const Body& body) const {
        if (images <= kLossOnOneThread)
            tensor::for_each_piece(device_, 1, [&](std::int64_t) { body(); });
        else
            body();
    }

    // Numbers that are equal where texts are, if the method asks for them.
    Tensor text_ids() const {
        if (!model_.config.dreamlip.mask_equal_texts) return {};
        std::vector<std::int64_t> all;
        for (const model::TokenIds& text : batch_.texts) {
            const auto* bytes = reinterpret_cast<const char*>(text.data());
            all.push_back(
                static_cast<std::int64_t>(record::fnv1a64({bytes, text.size() * sizeof text[0]})));
        }
        const Tensor own = at::tensor(all, at::TensorOptions(at::kLong)).view({-1, slots_});
        return ranks_.gather(own).to(device_);
    }

    // The gradient of v and z, and the losses of patches and grounding with their own.
    void back_through_images() {
        std::vector<std::int64_t> rows;
        for (const Part& part : parts_) rows.push_back(part.pixels.size(0));
        const auto seeds = v_.grad().split_with_sizes(rows);
        const auto box_seeds =
            regions_ > 0 ? z_.grad().split_with_sizes(rows) : std::vector<Tensor>();
        const Tensor t = t_.detach(), phrases = regions_ > 0 ? at_regions(f_.detach()) : Tensor();
        backward([&](std::int64_t i) {
            Part& part = this->part(i);
            const auto n = static_cast<std::size_t>(i);
            if (settings_.recompute) embed_images(part, /*for_backward=*/true);
            std::vector<Tensor> outputs = {part.v}, output_seeds = {seeds[n]};
            if (patch_weight_ != 0) {
                part.own_texts = t.index_select(0, rows_of(part))
                                     .view({part.pixels.size(0), slots_, -1})
                                     .requires_grad_(true);
                part.patch_loss = method_.patch_loss(model_, part.u, part.own_texts,
                                                     part.valid.to(device_), all_valid_);
                outputs.push_back(part.patch_loss);
                output_seeds.push_back(at::full_like(part.patch_loss, patch_weight_));
            }
            if (regions_ > 0) {
                outputs.push_back(part.z);
                output_seeds.push_back(box_seeds[n]);
            }
            if (grounding_weight() != 0) {
                ground(part, phrases);
                outputs.push_back(part.grounding_loss);
                output_seeds.push_back(at::full_like(part.grounding_loss, grounding_weight()));
            }
            part.gradients = gradients(outputs, inputs_of(part), output_seeds);
            part.v = part.u = part.z = Tensor();
            part.memory = {};
            for (Tensor* loss : {&part.patch_loss, &part.grounding_loss})
                if (loss->defined()) *loss = loss->detach();
        });
    }

    // Where the phrases [B·M, D] of the part's regions are found.
    void ground(Part& part, const Tensor& phrases) const {
        const std::int64_t m = part.boxes.size(1), first = part.first * m;
        part.own_phrases = phrases.slice(0, first, first + part.boxes.size(0) * m)
                               .view({-1, m, phrases.size(1)})
                               .detach()
                               .requires_grad_(true);
        const tensor::Autocast autocast(device_, settings_.precision);
        const Tensor found = model_.prompter->boxes(part.memory, part.own_phrases);
        part.grounding_loss = loss::grounding_loss(
            part.boxes.to(found.options().requires_grad(false)).flatten(0, 1), found.flatten(0, 1),
            part.boxes_valid.to(device_).flatten(), regions_);
    }

    // What gradients are wanted of: the parameters, then the part's leaves.
    std::vector<Tensor> inputs_of(const Part& part) const {
        std::vector<Tensor> inputs = parameters_;
        for (const Tensor& leaf : {part.own_texts, part.own_phrases})
            if (leaf.defined()) inputs.push_back(leaf);
        return inputs;
    }

    // Rows of the part's texts in t_.
    Tensor rows_of(const Part& part) const {
        return place_.slice(0, part.first * slots_, (part.first + part.pixels.size(0)) * slots_);
    }

    // Adds up the patches' losses, and their gradients to those of the texts.
    Tensor add_patches() {
        const at::NoGradGuard no_grad;
        Tensor& sum = t_.mutable_grad();
        std::vector<Tensor> losses;
        for (Part& part : parts_) {
            losses.push_back(part.patch_loss);
            if (part.own_texts.grad().defined())
                sum.index_add_(0, rows_of(part), part.own_texts.grad().flatten(0, 1));
        }
        return at::stack(losses).sum();
    }

    void back_through_texts() {
        std::vector<std::int64_t> rows, phrase_rows;
        for (const Part& part : parts_) {
            rows.push_back(part.t.size(0));
            phrase_rows.push_back(part.f.defined() ? part.f.size(0) : 0);
        }
        const auto seeds = t_.grad().split_with_sizes(rows);
        const auto phrase_seeds =
            regions_ > 0 ? f_.grad().split_with_sizes(phrase_rows) : std::vector<Tensor>();
        backward([&](std::int64_t i) {
            Part& part = this->part(i);
            const auto n = static_cast<std::size_t>(i);
            if (settings_.recompute) embed_texts(part);
            std::vector<Tensor> outputs = {part.t}, output_seeds = {seeds[n]};
            if (part.f.defined()) {
                outputs.push_back(part.f);
                output_seeds.push_back(phrase_seeds[n]);
            }
            part.gradients = gradients(outputs, parameters_, output_seeds);
            part.t = part.f = Tensor();
        });
    }

    static std::vector<Tensor> gradients(const std::vector<Tensor>& outputs,
                                         const std::vector<Tensor>& inputs,
                                         const std::vector<Tensor>& seeds) {
        return torch::autograd::grad(outputs, inputs, seeds, /*retain_graph=*/std::nullopt,
                                     /*create_graph=*/false, /*allow_unused=*/true);
    }

    // As many parts at once as threads, then their gradients are added in the order of the parts.
    void backward(const std::function<void(std::int64_t)>& one) {
        const std::int64_t at_once = at::get_num_threads();
        const auto count = static_cast<std::int64_t>(parameters_.size());
        for (std::int64_t begin = 0; begin < count_; begin += at_once) {
            const std::int64_t end = std::min(begin + at_once, count_);
            crew_.for_each(begin, end, one);
            tensor::for_each_piece(device_, count, [&](std::int64_t n) {
                const at::NoGradGuard no_grad;
                const auto p = static_cast<std::size_t>(n);
                for (auto i = begin; i < end; ++i)
                    add_gradient(parameters_[p], part(i).gradients[p]);
            });
            for (auto i = begin; i < end; ++i) {
                Part& part = this->part(i);
                auto more = part.gradients.begin() + count;
                for (Tensor* leaf : {&part.own_texts, &part.own_phrases})
                    if (leaf->defined() && more != part.gradients.end())
                        leaf->mutable_grad() = *more++;
                part.gradients.clear();
            }
        }
    }

    const Method& method_;
    const LanguageImageModel& model_;
    const Batch& batch_;
    const StepSettings& settings_;
    c10::Device device_;
    std::int64_t slots_, count_;
    Crew crew_;
    double weight_, patch_weight_;
    const tensor::Group alone_;
    const tensor::Group& ranks_;
    double all_valid_;
    double regions_ = 0, region_weight_ = 0;  // of all ranks: how many; of their losses
    std::vector<Tensor> parameters_, of_images_, of_texts_;
    std::vector<Part> parts_;
    Tensor place_, v_, t_;
    Tensor phrase_place_, phrase_rows_, z_, f_;
};

}  // namespace

StepLoss forward_backward(const Method& method, const LanguageImageModel& model, const Batch& batch,
                          const StepSettings& settings) {
    return Step(method, model, batch, settings).run();
}

}  // namespace lip::train
