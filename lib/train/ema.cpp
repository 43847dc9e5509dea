#include "train/ema.h"

#include "cli/error.h"
#include "tensor/parallel.h"

#include <ATen/ATen.h>

#include <map>

namespace lip::train {

using at::Tensor;

Ema::Ema(const tensor::NamedTensors& parameters, double decay)
    : decay_(decay), parameters_(parameters) {
    for (const auto& [name, parameter] : parameters_)
        averages_.push_back(parameter.detach().clone());
}

void Ema::update() {
    if (averages_.empty()) return;
    const at::NoGradGuard no_grad;
    tensor::for_each_piece(averages_[0].device(), static_cast<std::int64_t>(averages_.size()),
                           [&](std::int64_t n) {
                               const auto i = static_cast<std::size_t>(n);
                               averages_[i].lerp_(parameters_[i].second, 1 - decay_);
                           });
}

void Ema::swap() {
    const at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < averages_.size(); ++i) {
        Tensor& parameter = parameters_[i].second;
        const Tensor weight = parameter.clone();
        parameter.copy_(averages_[i]);
        averages_[i].copy_(weight);
    }
}

tensor::NamedTensors Ema::state() const {
    tensor::NamedTensors state;
    for (const auto& [name, parameter] : parameters_)
        state.emplace_back("weight." + name, parameter);
    return state;
}

void Ema::load_state(const tensor::NamedTensors& state, const std::string& where) {
    const at::NoGradGuard no_grad;
    const std::map<std::string, Tensor> by_name(state.begin(), state.end());
    for (std::size_t i = 0; i < averages_.size(); ++i) {
        auto& [name, parameter] = parameters_[i];
        const auto found = by_name.find("weight." + name);
        if (found == by_name.end() || found->second.sizes() != parameter.sizes())
            throw cli::DataError(where + ": \"weight." + name +
                                 "\" is missing or of another shape");
        averages_[i].copy_(parameter);
        parameter.copy_(found->second);
    }
}

}  // namespace lip::train
