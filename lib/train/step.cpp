#include "train/step.h"

#include "tensor/device.h"
#include "tensor/parallel.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <numeric>

namespace lip::train {
namespace {

using at::Tensor;
using model::LanguageImageModel;

constexpr std::int64_t kPartImages = 16;
constexpr std::int64_t kLossOnOneThread = 512;  // images

struct Part {
    Tensor pixels;  // [b, 3, S, S]
    model::PackedTexts texts;
    Tensor v, t;  // features, with their graphs
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
    for (std::size_t i = 0; i < images.size(); ++i) {
        std::vector<model::TokenIds> texts;
        for (std::size_t row = order.size() * i / images.size();
             row < order.size() * (i + 1) / images.size(); ++row)
            texts.push_back(batch.texts[order[row]]);
        divided.parts.push_back({images[i], model::pack_texts(texts, text), {}, {}, {}});
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

}  // namespace

Tensor forward_backward(const Method& method, const LanguageImageModel& model, const Batch& batch,
                        at::ScalarType precision) {
    const c10::Device device = model.device();
    const std::int64_t images = batch.pixels.size(0), slots = batch.valid.size(1),
                       count = device.is_cpu() ? (images + kPartImages - 1) / kPartImages : 1;
    auto [parts, place] = divide(batch, count, model.config.text);
    const Crew crew(device, count);

    // 1. Towers.
    crew.for_each(0, count, [&](std::int64_t i) {
        Part& part = parts[static_cast<std::size_t>(i)];
        const tensor::Autocast autocast(device, precision);
        part.v = model.embed_images(part.pixels);
        part.t = model.embed_texts(part.texts);
    });

    // 2. Loss, and its gradient at the features.
    const Tensor v = join(parts, &Part::v),  // [B, D]
        t = join(parts, &Part::t);           // [B·K, D], rows by length
    Tensor loss;
    const auto loss_backward = [&](std::int64_t) {
        loss = method.loss(model, v, t.index_select(0, place.to(device)).view({images, slots, -1}),
                           batch.valid.to(device));
        loss.backward();
    };
    if (images <= kLossOnOneThread)
        tensor::for_each_piece(device, 1, loss_backward);
    else
        loss_backward(0);

    // 3. Back through the towers. As many parts at once as threads, then their gradients are added.
    std::vector<Tensor> parameters;
    for (const auto& named : model.parameters.all()) parameters.push_back(named.second);
    std::vector<std::int64_t> image_rows, text_rows;
    for (const Part& part : parts) {
        image_rows.push_back(part.v.size(0));
        text_rows.push_back(part.t.size(0));
    }
    const auto v_gradients = v.grad().split_with_sizes(image_rows),
               t_gradients = t.grad().split_with_sizes(text_rows);
    const std::int64_t at_once = at::get_num_threads();
    for (std::int64_t begin = 0; begin < count; begin += at_once) {
        const std::int64_t end = std::min(begin + at_once, count);
        crew.for_each(begin, end, [&](std::int64_t n) {
            const auto i = static_cast<std::size_t>(n);
            Part& part = parts[i];
            part.gradients = torch::autograd::grad(
                {part.v, part.t}, parameters, {v_gradients[i], t_gradients[i]},
                /*retain_graph=*/std::nullopt, /*create_graph=*/false, /*allow_unused=*/true);
            part.v = part.t = Tensor();
        });
        tensor::for_each_piece(
            device, static_cast<std::int64_t>(parameters.size()), [&](std::int64_t n) {
                const at::NoGradGuard no_grad;
                const auto p = static_cast<std::size_t>(n);
                for (auto i = begin; i < end; ++i)
                    add_gradient(parameters[p], parts[static_cast<std::size_t>(i)].gradients[p]);
            });
        for (auto i = begin; i < end; ++i) parts[static_cast<std::size_t>(i)].gradients.clear();
    }
    return loss.detach();
}

}  // namespace lip::train
