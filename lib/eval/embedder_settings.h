// Which model is used, and how: the option group "model".
#pragma once

#include "tensor/choice.h"

#include <cstdint>
#include <string>

namespace lip::eval {

struct EmbedderSettings {
    std::string model = {};  // checkpoint or run folder
    tensor::DeviceChoice device = {};
    tensor::Precision precision = tensor::Precision::kAuto;
    std::int64_t batch_size = 64;
    int threads = 1;
    bool deterministic = false;
};

}  // namespace lip::eval
