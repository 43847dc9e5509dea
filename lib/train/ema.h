// Exponential moving average of the weights.
#pragma once

#include "tensor/safetensors.h"

namespace lip::train {

// average <- decay · average + (1 - decay) · weight after every update, starting from the weights
// as they are. In fp32 on the weights' device. Handles share the model's tensors. One thread at a
// time.
class Ema {
public:
    Ema(const tensor::NamedTensors& parameters, double decay);

    void update();

    // While it lives the model holds the averages, for saving and evaluating.
    class Swap {
    public:
        explicit Swap(Ema& ema) : ema_(ema) { ema_.swap(); }
        ~Swap() { ema_.swap(); }
        Swap(const Swap&) = delete;
        Swap& operator=(const Swap&) = delete;

    private:
        Ema& ema_;
    };

    // The weights that training goes on with, as "weight.NAME".
    tensor::NamedTensors state() const;
    // The model holds the averages of a checkpoint: takes them over, and puts the weights of
    // `state` in their place. Throws DataError naming `where`.
    void load_state(const tensor::NamedTensors& state, const std::string& where);

private:
    void swap();

    double decay_;
    tensor::NamedTensors parameters_;
    std::vector<at::Tensor> averages_;
};

}  // namespace lip::train
