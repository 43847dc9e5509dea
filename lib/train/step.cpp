#include "train/step.h"

#include "tensor/device.h"
#include "tensor/math.h"
#include "tensor/parallel.h"
#include "train/feature_loss.h"
#include "train/parts.h"
#include "train/region_terms.h"
#include "train/teacher_terms.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/SequenceNumber.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace lip::train {
namespace {

using at::Tensor;
using model::LanguageImageModel;

constexpr std::int64_t kPartImages = 16;

// Gradients that meet at a node are added up in the order of their functions' numbers, which each
// thread counts for itself. What is made now has higher numbers than what was made up to `number`,
// whichever thread that was: the sums are the same bits for any number of threads.
void come_after(std::uint64_t number) {
    while (at::sequence_number::peek() < number) at::sequence_number::get_and_increment();
}

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
          workers_(device_, count_),
          weight_(method.loss_weight ? method.loss_weight(model.config) : 1),
          patch_weight_(method.patches.weight ? method.patches.weight(model.config) : 0),
          groups_compete_(patch_weight_ != 0 && method.patches.is_of_batch(model.config)),
          ranks_(settings.ranks ? *settings.ranks : alone_),
          teacher_(settings, ranks_),
          all_valid_(ranks_.sum(batch.valid.sum()).item<double>()) {
        for (const auto& [name, parameter] : model.parameters.all()) {
            if (!parameter.requires_grad()) continue;
            parameters_.push_back(parameter);
            (name.starts_with("visual.") ? of_images_ : of_texts_).push_back(parameter);
        }
        texts_learn_ = std::ranges::any_of(model.parameters.all(), [](const auto& entry) {
            return entry.second.requires_grad() && !entry.first.starts_with("visual.") &&
                   !entry.first.starts_with("logit_");
        });
        auto divided = divide(batch, count_, model.config.text, teacher_.text());
        parts_ = std::move(divided.parts);
        place_ = divided.place.to(device_);
        regions_.emplace(model, batch, settings, ranks_, divided.phrase_place);
    }

    StepLoss run() {
        workers_.for_each(0, count_, [&](std::int64_t i) {
            const at::AutoGradMode graph(!settings_.recompute);
            embed_images(part(i), /*for_backward=*/!settings_.recompute);
            embed_texts(part(i));
            if (teacher_.any()) teacher_.embed(part(i));
        });
        v_ = join(parts_, &Part::v);  // [B, ...]
        t_ = join(parts_, &Part::t);  // [B·K, ...], rows by length
        StepLoss result;
        result.total = loss_of_features(
            {method_, model_, batch_, ranks_, weight_, all_valid_, settings_.ring}, v_, t_, place_);
        if (teacher_.any()) result.distill = loss_of_teacher();
        if (groups_compete_) result.local = loss_of_groups();
        if (regions_->any()) regions_->contrast(parts_, result);
        back_through_images();
        auto exchange = ranks_.sum_gradients(of_images_);
        if (patch_weight_ != 0) {
            result.global = result.total;
            add_patches(result);
            result.total = weight_ * result.global + patch_weight_ * result.local;
        } else if (weight_ != 1) {
            result.global = result.total;
            result.total = weight_ * result.global;
        }
        if (regions_->any()) regions_->add(parts_, result);
        if ((model_.prompter || teacher_.any()) && !result.global.defined())
            result.global = result.total;
        if (teacher_.any()) result.total = result.total + settings_.distill_weight * result.distill;
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
        const bool with_patches = patch_weight_ != 0 && (for_backward || groups_compete_);
        const model::ImageFeatures features = model_.encode_images(
            part.pixels,
            {.patches = with_patches || method_.reads_patches, .tokens = regions_->any()});
        part.v = method_.image_features ? method_.image_features(model_, features)
                                        : tensor::unit(features.pooled);
        if (with_patches) part.u = tensor::unit(features.patches);
        if (regions_->any()) regions_->embed_boxes(part, features, for_backward);
        part.sequence = at::sequence_number::peek();
    }
    void embed_texts(Part& part) const {
        const tensor::Autocast autocast(device_, settings_.precision);
        part.t = method_.text_features ? method_.text_features(model_, part.texts)
                                       : model_.embed_texts(part.texts);
        if (regions_->any()) regions_->embed_phrases(part);
    }

    // How far the matches are from the teacher's, and the gradient of that at the features.
    Tensor loss_of_teacher() {
        const Tensor own_t = texts_of(0, batch_.pixels.size(0));
        Tensor loss;
        on_few_threads(device_, batch_.pixels.size(0) * ranks_.size(), [&] {
            loss = teacher_.contrast(parts_, place_, {v_, own_t, model_.log_scale},
                                     batch_.valid.to(device_));
        });
        add_text_gradient(place_, own_t.grad());
        return loss;
    }

    // Features of the texts of some images, in their order: [b, K, ...], a leaf.
    Tensor texts_of(std::int64_t first, std::int64_t images) const {
        const Tensor rows = place_.slice(0, first * slots_, (first + images) * slots_);
        return t_.detach().index_select(0, rows).view({images, slots_, -1}).requires_grad_(true);
    }

    // The groups of all images against all texts, and its gradient at both.
    Tensor loss_of_groups() {
        workers_.for_each(0, count_, [&](std::int64_t i) {
            const at::NoGradGuard no_grad;
            Part& part = this->part(i);
            part.g =
                method_.patches.groups(model_, part.u, texts_of(part.first, part.pixels.size(0)));
        });
        g_ = join(parts_, &Part::g);
        const std::int64_t images = g_.size(0), first = ranks_.rank() * images;
        const Tensor own_t = texts_of(0, images), valid = ranks_.gather(batch_.valid.to(device_));
        const bool alone = ranks_.size() == 1;
        const Tensor g = alone ? g_ : ranks_.gather(g_.detach()).requires_grad_(true),
                     t = alone ? own_t : ranks_.gather(own_t.detach()).requires_grad_(true);
        Tensor loss;
        on_few_threads(device_, valid.size(0), [&] {
            loss = method_.patches.of_batch(model_, g, t, valid, first, first + images);
            (patch_weight_ * loss).backward();
        });
        if (!alone) g_.mutable_grad() = ranks_.sum_scatter(g.grad());
        add_text_gradient(place_, alone ? t.grad() : ranks_.sum_scatter(t.grad()));
        return ranks_.sum(loss.detach());
    }

    // Of texts [.., K, D] that stand in these rows of t_.
    void add_text_gradient(const Tensor& rows, const Tensor& gradient) {
        const at::NoGradGuard no_grad;
        t_.mutable_grad().index_add_(0, rows, gradient.flatten(0, 1));
    }

    // The gradient of v and z, and the losses of patches and grounding with their own.
    void back_through_images() {
        std::vector<std::int64_t> rows;
        for (const Part& part : parts_) rows.push_back(part.pixels.size(0));
        const auto seeds = v_.grad().split_with_sizes(rows);
        const auto group_seeds =
            groups_compete_ ? g_.grad().split_with_sizes(rows) : std::vector<Tensor>();
        const bool has_regions = regions_->any();
        const auto box_seeds = has_regions ? regions_->box_seeds(parts_) : std::vector<Tensor>();
        const Tensor phrases = has_regions ? regions_->phrases() : Tensor();
        backward([&](std::int64_t i) {
            Part& part = this->part(i);
            const auto n = static_cast<std::size_t>(i);
            if (settings_.recompute && images_learn()) embed_images(part, /*for_backward=*/true);
            come_after(part.sequence);
            std::vector<Tensor> outputs = {part.v}, output_seeds = {seeds[n]};
            const auto add_output = [&](const Tensor& output, const Tensor& seed) {
                outputs.push_back(output);
                output_seeds.push_back(seed);
            };
            if (patch_weight_ != 0) {
                part.own_texts = texts_of(part.first, part.pixels.size(0));
                part.g = method_.patches.groups(model_, part.u, part.own_texts);
                if (groups_compete_) {
                    add_output(part.g, group_seeds[n]);
                } else {
                    part.patch_loss = method_.patches.of_images(model_, part.g, part.own_texts,
                                                                part.valid.to(device_), all_valid_);
                    add_output(part.patch_loss, at::full_like(part.patch_loss, patch_weight_));
                }
            }
            if (has_regions) add_output(part.z, box_seeds[n]);
            if (has_regions && regions_->is_grounded()) {
                regions_->ground(part, phrases);
                add_output(part.grounding_loss,
                           at::full_like(part.grounding_loss, regions_->grounding_weight()));
            }
            part.gradients = gradients(outputs, inputs_of(part), output_seeds);
            part.v = part.u = part.g = part.z = Tensor();
            part.memory = {};
            for (Tensor* loss : {&part.patch_loss, &part.grounding_loss})
                if (loss->defined()) *loss = loss->detach();
        });
    }

    // What gradients are wanted of: the parameters, then the part's leaves.
    std::vector<Tensor> inputs_of(const Part& part) const {
        std::vector<Tensor> inputs = parameters_;
        for (const Tensor& leaf : {part.own_texts, part.own_phrases})
            if (leaf.defined()) inputs.push_back(leaf);
        return inputs;
    }

    // Adds up the patches' losses, and their gradients to those of the texts.
    void add_patches(StepLoss& result) {
        const at::NoGradGuard no_grad;
        std::vector<Tensor> losses;
        for (const Part& part : parts_) {
            losses.push_back(part.patch_loss);
            const std::int64_t first = part.first * slots_;
            if (part.own_texts.grad().defined())
                add_text_gradient(place_.slice(0, first, first + part.pixels.size(0) * slots_),
                                  part.own_texts.grad());
        }
        if (!groups_compete_) result.local = ranks_.sum(at::stack(losses).sum());
    }

    void back_through_texts() {
        std::vector<std::int64_t> rows;
        for (const Part& part : parts_) rows.push_back(part.t.size(0));
        const auto seeds = t_.grad().split_with_sizes(rows);
        const auto phrase_seeds =
            regions_->any() ? regions_->phrase_seeds(parts_) : std::vector<Tensor>();
        backward([&](std::int64_t i) {
            Part& part = this->part(i);
            const auto n = static_cast<std::size_t>(i);
            if (settings_.recompute && texts_learn_) embed_texts(part);
            std::vector<Tensor> outputs = {part.t}, output_seeds = {seeds[n]};
            if (part.f.defined()) {
                outputs.push_back(part.f);
                output_seeds.push_back(phrase_seeds[n]);
            }
            part.gradients = gradients(outputs, parameters_, output_seeds);
            part.t = part.f = Tensor();
        });
    }

    // Whether anything hangs on the graph of the images: the tower, or what reads its tokens.
    bool images_learn() const {
        return !of_images_.empty() || method_.image_features || patch_weight_ != 0 ||
               regions_->any();
    }

    // As many parts at once as threads, then their gradients are added in the order of the parts.
    void backward(const std::function<void(std::int64_t)>& one) {
        const std::int64_t at_once = at::get_num_threads();
        const auto count = static_cast<std::int64_t>(parameters_.size());
        for (std::int64_t begin = 0; begin < count_; begin += at_once) {
            const std::int64_t end = std::min(begin + at_once, count_);
            workers_.for_each(begin, end, one);
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
    WorkerTeam workers_;
    double weight_, patch_weight_;
    bool groups_compete_;  // the patches' loss is of the whole batch
    const tensor::Group alone_;
    const tensor::Group& ranks_;
    const TeacherTerms teacher_;
    double all_valid_;
    std::optional<RegionTerms> regions_;
    std::vector<Tensor> parameters_, of_images_, of_texts_;
    bool texts_learn_ = false;  // their tower, or what else is not the image tower's
    std::vector<Part> parts_;
    Tensor place_, v_, t_, g_;
};

}  // namespace

StepLoss forward_backward(const Method& method, const LanguageImageModel& model, const Batch& batch,
                          const StepSettings& settings) {
    return Step(method, model, batch, settings).run();
}

}  // namespace lip::train
