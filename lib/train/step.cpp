#include "train/step.h"

#include "record/keyed_rng.h"
#include "tensor/device.h"
#include "tensor/parallel.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lip::train {
namespace {

using at::Tensor;
using model::LanguageImageModel;

constexpr std::int64_t kPartImages = 16;
constexpr std::int64_t kLossOnOneThread = 512;  // images

struct Part {
    Tensor pixels;             // [b, 3, S, S]
    Tensor valid;              // [b, K]
    std::int64_t first = 0;    // number of its first image
    model::PackedTexts texts;  // not those of its images: texts of nearly one length
    Tensor v, u, t;            // features of images, patches and texts, with their graphs
    Tensor own_texts;          // [b, K, D], a leaf: features of its images' texts
    Tensor patch_loss;
    std::vector<Tensor> gradients;
};

struct Parts {
    std::vector<Part> parts;
    Tensor place;  // [B·K] int64: row of each text in the features of all parts
};

// Texts are dealt out in the order of their lengths, so that a part holds few lengths.
Parts divide(const Batch& batch, std::int64_t count, const model::TextConfig& text) {
    Parts divided;
    std::vector<std::size_t> order(batch.texts.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return batch.texts[a].size() < batch.texts[b].size();
    });
    std::vector<std::int64_t> place(order.size());
    for (std::size_t row = 0; row < order.size(); ++row)
        place[order[row]] = static_cast<std::int64_t>(row);
    divided.place = at::tensor(place, at::TensorOptions(at::kLong));

    const auto images = batch.pixels.tensor_split(count);
    std::int64_t first = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
        std::vector<model::TokenIds> texts;
        for (std::size_t row = order.size() * i / images.size();
             row < order.size() * (i + 1) / images.size(); ++row)
            texts.push_back(batch.texts[order[row]]);
        Part part;
        part.pixels = images[i];
        part.first = first;
        part.valid = batch.valid.slice(0, first, first + images[i].size(0));
        part.texts = model::pack_texts(texts, text);
        first += images[i].size(0);
        divided.parts.push_back(std::move(part));
    }
    return divided;
}

// Features of all parts as one leaf: the loss's graph ends here.
Tensor join(const std::vector<Part>& parts, Tensor Part::*features) {
    std::vector<Tensor> all;
    for (const Part& part : parts) all.push_back((part.*features).detach());
    return at::cat(all).requires_grad_(true);
}

void add_gradient(Tensor& parameter, const Tensor& gradient) {
    if (!gradient.defined()) return;
    Tensor& sum = parameter.mutable_grad();
    if (sum.defined())
        sum.add_(gradient);
    else
        sum = gradient.clone();
}

// How the parts of a step are worked on: a part to a thread, or, where that would leave more than
// half of the threads without one, all threads on each part in turn.
class Crew {
public:
    Crew(c10::Device device, std::int64_t parts)
        : device_(device), side_by_side_(2 * parts >= at::get_num_threads()) {}

    void for_each(std::int64_t begin, std::int64_t end,
                  const std::function<void(std::int64_t)>& body) const {
        if (side_by_side_)
            tensor::for_each_piece(device_, end - begin, [&](std::int64_t i) { body(begin + i); });
        else
            for (std::int64_t i = begin; i < end; ++i) body(i);
    }

private:
    c10::Device device_;
    bool side_by_side_;
};

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
    }

    StepLoss run() {
        crew_.for_each(0, count_, [&](std::int64_t i) {
            const at::AutoGradMode graph(!settings_.recompute);
            embed_images(part(i), /*with_patches=*/!settings_.recompute);
            embed_texts(part(i));
        });
        v_ = join(parts_, &Part::v);  // [B, ...]
        t_ = join(parts_, &Part::t);  // [B·K, ...], rows by length
        StepLoss result;
        result.total = settings_.ring && ranks_.size() > 1 ? loss_in_a_ring() : loss_of_features();
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

    void embed_images(Part& part, bool with_patches) const {
        const tensor::Autocast autocast(device_, settings_.precision);
        if (patch_weight_ == 0) {
            part.v = method_.image_features ? method_.image_features(model_, part.pixels)
                                            : model_.embed_images(part.pixels);
            return;
        }
        const model::ImageFeatures features = model_.embed_images_and_patches(part.pixels);
        part.v = features.pooled;
        if (with_patches) part.u = features.patches;
    }
    void embed_texts(Part& part) const {
        const tensor::Autocast autocast(device_, settings_.precision);
        part.t = method_.text_features ? method_.text_features(model_, part.texts)
                                       : model_.embed_texts(part.texts);
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

    // The gradient of v, and the patches' loss with its own.
    void back_through_images() {
        std::vector<std::int64_t> rows;
        for (const Part& part : parts_) rows.push_back(part.pixels.size(0));
        const auto seeds = v_.grad().split_with_sizes(rows);
        const Tensor t = t_.detach();
        backward([&](std::int64_t i) {
            Part& part = this->part(i);
            if (settings_.recompute) embed_images(part, /*with_patches=*/true);
            std::vector<Tensor> outputs = {part.v}, inputs = parameters_,
                                output_seeds = {seeds[static_cast<std::size_t>(i)]};
            if (patch_weight_ != 0) {
                part.own_texts = t.index_select(0, rows_of(part))
                                     .view({part.pixels.size(0), slots_, -1})
                                     .requires_grad_(true);
                part.patch_loss = method_.patch_loss(model_, part.u, part.own_texts,
                                                     part.valid.to(device_), all_valid_);
                outputs.push_back(part.patch_loss);
                output_seeds.push_back(at::full_like(part.patch_loss, patch_weight_));
                inputs.push_back(part.own_texts);
            }
            part.gradients = gradients(outputs, inputs, output_seeds);
            part.v = part.u = Tensor();
            part.patch_loss = part.patch_loss.defined() ? part.patch_loss.detach() : Tensor();
        });
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
        std::vector<std::int64_t> rows;
        for (const Part& part : parts_) rows.push_back(part.t.size(0));
        const auto seeds = t_.grad().split_with_sizes(rows);
        backward([&](std::int64_t i) {
            Part& part = this->part(i);
            if (settings_.recompute) embed_texts(part);
            part.gradients = gradients({part.t}, parameters_, {seeds[static_cast<std::size_t>(i)]});
            part.t = Tensor();
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
                std::vector<Tensor>& all = part(i).gradients;
                if (all.size() > parameters_.size()) part(i).own_texts.mutable_grad() = all.back();
                all.clear();
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
    std::vector<Tensor> parameters_, of_images_, of_texts_;
    std::vector<Part> parts_;
    Tensor place_, v_, t_;
};

}  // namespace

StepLoss forward_backward(const Method& method, const LanguageImageModel& model, const Batch& batch,
                          const StepSettings& settings) {
    return Step(method, model, batch, settings).run();
}

}  // namespace lip::train
