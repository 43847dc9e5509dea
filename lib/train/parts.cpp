#include "train/parts.h"

#include "tensor/parallel.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <numeric>

namespace lip::train {
namespace {

using at::Tensor;

constexpr std::int64_t kLossOnOneThread = 512;  // images

// The texts of each part, and the row of each text in the features of all.
struct Dealt {
    std::vector<model::PackedTexts> packed;
    Tensor place;
};

model::TokenIds shortened(model::TokenIds text, const model::TextConfig& config) {
    const auto most = static_cast<std::size_t>(config.context_length);
    if (text.size() <= most) return text;
    text[most - 1] = text.back();
    text.resize(most);
    return text;
}

// In the order of the lengths that they have before any is shortened.
Dealt deal(const std::vector<model::TokenIds>& texts, std::size_t count,
           const model::TextConfig& config) {
    std::vector<std::size_t> order(texts.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return texts[a].size() < texts[b].size();
    });
    std::vector<std::int64_t> place(order.size());
    for (std::size_t row = 0; row < order.size(); ++row)
        place[order[row]] = static_cast<std::int64_t>(row);
    Dealt dealt{{}, at::tensor(place, at::TensorOptions(at::kLong))};
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<model::TokenIds> some;
        for (std::size_t row = order.size() * i / count; row < order.size() * (i + 1) / count;
             ++row)
            some.push_back(shortened(texts[order[row]], config));
        dealt.packed.push_back(some.empty() ? model::PackedTexts()
                                            : model::pack_texts(some, config));
    }
    return dealt;
}

}  // namespace

Parts divide(const Batch& batch, std::int64_t count, const model::TextConfig& text,
             const model::TextConfig* teacher) {
    const auto images = batch.pixels.tensor_split(count);
    Dealt texts = deal(batch.texts, images.size(), text),
          phrases = deal(batch.regions.phrases, images.size(), text);
    Dealt for_teacher;
    if (teacher) for_teacher = deal(batch.texts, images.size(), *teacher);
    Parts divided{{}, texts.place, phrases.place};
    std::int64_t first = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
        Part part;
        part.pixels = images[i];
        part.first = first;
        const std::int64_t end = first + images[i].size(0);
        part.valid = batch.valid.slice(0, first, end);
        if (batch.regions.boxes.defined()) {
            part.boxes = batch.regions.boxes.slice(0, first, end);
            part.boxes_valid = batch.regions.valid.slice(0, first, end);
        }
        part.texts = std::move(texts.packed[i]);
        if (teacher) part.teacher_texts = std::move(for_teacher.packed[i]);
        part.phrases = std::move(phrases.packed[i]);
        first = end;
        divided.parts.push_back(std::move(part));
    }
    return divided;
}

Tensor join(const std::vector<Part>& parts, Tensor Part::*features) {
    std::vector<Tensor> all;
    for (const Part& part : parts)
        if ((part.*features).defined()) all.push_back((part.*features).detach());
    return at::cat(all).requires_grad_(true);
}

std::vector<Tensor> gradients(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                              const std::vector<Tensor>& seeds) {
    std::vector<Tensor> learning, learning_seeds;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (!outputs[i].requires_grad()) continue;
        learning.push_back(outputs[i]);
        learning_seeds.push_back(seeds[i]);
    }
    if (learning.empty() || inputs.empty()) return std::vector<Tensor>(inputs.size());
    return torch::autograd::grad(learning, inputs, learning_seeds, /*retain_graph=*/std::nullopt,
                                 /*create_graph=*/false, /*allow_unused=*/true);
}

void add_gradient(Tensor& parameter, const Tensor& gradient) {
    if (!gradient.defined()) return;
    Tensor& sum = parameter.mutable_grad();
    if (sum.defined())
        sum.add_(gradient);
    else
        sum = gradient.clone();
}

WorkerTeam::WorkerTeam(c10::Device device, std::int64_t parts)
    : device_(device), side_by_side_(2 * parts >= at::get_num_threads()) {}

void WorkerTeam::for_each(std::int64_t begin, std::int64_t end,
                          const std::function<void(std::int64_t)>& body) const {
    if (side_by_side_)
        tensor::for_each_piece(device_, end - begin, [&](std::int64_t i) { body(begin + i); });
    else
        for (std::int64_t i = begin; i < end; ++i) body(i);
}

void on_few_threads(c10::Device device, std::int64_t images, const std::function<void()>& body) {
    if (images <= kLossOnOneThread)
        tensor::for_each_piece(device, 1, [&](std::int64_t) { body(); });
    else
        body();
}

}  // namespace lip::train
