// Reference numbers of tests/golden as tensors.
#pragma once

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace lip::test {

inline nlohmann::json read_golden(const std::string& name) {
    std::ifstream file(std::string(LIP_SOURCE_DIR) + "/tests/golden/" + name);
    return nlohmann::json::parse(file);
}

// The case of that name. Throws std::runtime_error if there is none.
inline const nlohmann::json& golden_case(const nlohmann::json& golden, const std::string& name) {
    for (const auto& c : golden["cases"])
        if (c["name"] == name) return c;
    throw std::runtime_error("no golden case " + name);
}

// Nested lists of numbers -> float64 tensor.
inline at::Tensor to_tensor(const nlohmann::json& json) {
    std::vector<std::int64_t> shape;
    for (const nlohmann::json* at = &json; at->is_array(); at = &(*at)[0])
        shape.push_back(static_cast<std::int64_t>(at->size()));
    std::vector<double> values;
    const auto walk = [&](const auto& self, const nlohmann::json& node) -> void {
        if (node.is_array())
            for (const auto& child : node) self(self, child);
        else
            values.push_back(node.get<double>());
    };
    walk(walk, json);
    return at::tensor(values, at::TensorOptions(at::kDouble)).view(shape);
}

// max|x - y| / max(1, max|y|)
inline double difference(const at::Tensor& x, const at::Tensor& y) {
    const double scale = std::max(1.0, y.abs().max().item<double>());
    return (x.detach().to(at::kCPU).to(at::kDouble) - y.to(at::kDouble))
               .abs()
               .max()
               .item<double>() /
           scale;
}

}  // namespace lip::test
