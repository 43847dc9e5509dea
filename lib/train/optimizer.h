// AdamW with decoupled weight decay, and clipping by the global norm.
#pragma once

#include "tensor/safetensors.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace lip::train {

struct AdamWSettings {
    double weight_decay = 0.2, beta1 = 0.9, beta2 = 0.98, eps = 1e-6;
};

// Decay is for matrices only: gains, biases, scales and other tensors of fewer than two axes have
// none. Handles share the model's tensors. One thread at a time.
class AdamW {
public:
    // `rates`: of each parameter, times the learning rate of a step; empty: 1.
    AdamW(const tensor::NamedTensors& parameters, const AdamWSettings& settings,
          const std::vector<double>& rates = {});

    // One update with the gradients as they are; parameters without gradient stay.
    void step(double scheduled_rate);
    void zero_grad();

    // Scales all gradients so that their joint norm is at most `most` (0: no limit). Returns the
    // norm before, as a scalar tensor: looking at it waits for the device.
    at::Tensor clip_gradients(double most);

    // Moments and step count, for resuming.
    tensor::NamedTensors state() const;
    void load_state(const tensor::NamedTensors& state, std::int64_t steps,
                    const std::string& where);
    std::int64_t steps() const { return steps_; }

private:
    struct Group {
        double decay, rate;
        std::vector<std::string> names;
        std::vector<at::Tensor> parameters, first, second;
    };
    std::vector<at::Tensor> gradients() const;

    AdamWSettings settings_;
    std::vector<Group> groups_;
    std::int64_t steps_ = 0;
};

}  // namespace lip::train
