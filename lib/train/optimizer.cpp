#include "train/optimizer.h"

#include "cli/error.h"
#include "tensor/parallel.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

namespace lip::train {

using at::Tensor;

namespace {

// Tensors are many and mostly small: a tensor to a thread.
void for_each(const std::vector<Tensor>& tensors, const std::function<void(std::size_t)>& body) {
    if (tensors.empty()) return;
    tensor::for_each_piece(tensors[0].device(), static_cast<std::int64_t>(tensors.size()),
                           [&](std::int64_t i) { body(static_cast<std::size_t>(i)); });
}

}  // namespace

AdamW::AdamW(const tensor::NamedTensors& parameters, const AdamWSettings& settings,
             const std::vector<double>& rates)
    : settings_(settings) {
    groups_.push_back({settings.weight_decay, 1, {}, {}, {}, {}});
    groups_.push_back({0, 1, {}, {}, {}, {}});
    const auto group_of = [&](double decay, double rate) -> Group& {
        const auto found = std::ranges::find_if(groups_, [&](const Group& group) {
            return group.decay == decay && group.rate == rate;
        });
        if (found != groups_.end()) return *found;
        return groups_.emplace_back(Group{decay, rate, {}, {}, {}, {}});
    };
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const auto& [name, parameter] = parameters[i];
        // Mixture tokens are what a class token is, only more of them.
        const bool decays = parameter.dim() >= 2 && name != "visual.mixture_tokens";
        Group& group = group_of(decays ? settings.weight_decay : 0, rates.empty() ? 1 : rates[i]);
        group.names.push_back(name);
        group.parameters.push_back(parameter);
        group.first.push_back(at::zeros_like(parameter, at::TensorOptions().requires_grad(false)));
        group.second.push_back(at::zeros_like(parameter, at::TensorOptions().requires_grad(false)));
    }
}

void AdamW::step(double scheduled_rate) {
    const at::NoGradGuard no_grad;
    ++steps_;
    const double one = 1 - std::pow(settings_.beta1, static_cast<double>(steps_)),
                 two = 1 - std::pow(settings_.beta2, static_cast<double>(steps_));
    for (Group& group : groups_) {
        const double learning_rate = scheduled_rate * group.rate;
        for_each(group.parameters, [&](std::size_t i) {
            Tensor p = group.parameters[i];
            const Tensor g = p.grad();
            if (!g.defined()) return;
            // p <- p (1 - lr wd) - lr m̂ / (√v̂ + eps)
            group.first[i].lerp_(g, 1 - settings_.beta1);
            group.second[i].mul_(settings_.beta2).addcmul_(g, g, 1 - settings_.beta2);
            if (group.decay > 0) p.mul_(1 - learning_rate * group.decay);
            const Tensor root = group.second[i].sqrt().mul_(1 / std::sqrt(two)).add_(settings_.eps);
            p.addcdiv_(group.first[i], root, -learning_rate / one);
        });
    }
}

void AdamW::zero_grad() {
    for (Group& group : groups_)
        for (Tensor& p : group.parameters) p.mutable_grad().reset();
}

std::vector<Tensor> AdamW::gradients() const {
    std::vector<Tensor> all;
    for (const Group& group : groups_)
        for (const Tensor& p : group.parameters)
            if (p.grad().defined()) all.push_back(p.grad());
    return all;
}

Tensor AdamW::clip_gradients(double most) {
    const at::NoGradGuard no_grad;
    const std::vector<Tensor> all = gradients();
    std::vector<Tensor> norms(all.size());
    for_each(all, [&](std::size_t i) { norms[i] = all[i].norm(); });
    const Tensor norm = at::stack(norms).norm();
    if (most > 0) {
        const Tensor factor = (most / (norm + 1e-6)).clamp_max(1.0);
        for_each(all, [&](std::size_t i) { Tensor(all[i]).mul_(factor); });
    }
    return norm;
}

tensor::NamedTensors AdamW::state() const {
    tensor::NamedTensors state;
    for (const Group& group : groups_)
        for (std::size_t i = 0; i < group.names.size(); ++i) {
            state.emplace_back("first." + group.names[i], group.first[i]);
            state.emplace_back("second." + group.names[i], group.second[i]);
        }
    return state;
}

void AdamW::load_state(const tensor::NamedTensors& state, std::int64_t steps,
                       const std::string& where) {
    const at::NoGradGuard no_grad;
    const std::map<std::string, Tensor> by_name(state.begin(), state.end());
    const auto load = [&](const std::string& name, Tensor& to) {
        const auto found = by_name.find(name);
        if (found == by_name.end() || found->second.sizes() != to.sizes())
            throw cli::DataError(where + ": \"" + name + "\" is missing or of another shape");
        to.copy_(found->second);
    };
    for (Group& group : groups_)
        for (std::size_t i = 0; i < group.names.size(); ++i) {
            load("first." + group.names[i], group.first[i]);
            load("second." + group.names[i], group.second[i]);
        }
    steps_ = steps;
}

}  // namespace lip::train
