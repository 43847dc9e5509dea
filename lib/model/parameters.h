// The weights of a model by name, in the order of their making, and how they begin.
#pragma once

#include "tensor/safetensors.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lip::model {

// Starting values. Draws are keyed by (seed, name): a weight starts the same whatever else the
// model has.
struct Init {
    enum class Kind { kZeros, kOnes, kConstant, kNormal, kUniform } kind = Kind::kZeros;
    double value = 0;  // constant, standard deviation, or half width

    static Init zeros() { return {Kind::kZeros, 0}; }
    static Init ones() { return {Kind::kOnes, 1}; }
    static Init constant(double value) { return {Kind::kConstant, value}; }
    static Init normal(double std) { return {Kind::kNormal, std}; }
    static Init uniform(double half_width) { return {Kind::kUniform, half_width}; }
};

// Owns the list; modules keep handles to the same tensors. One thread at a time.
class Parameters {
public:
    // Without a seed nothing is drawn: the weights have no values until take() or load().
    explicit Parameters(std::optional<std::uint64_t> seed) : seed_(seed) {}

    // Makes a float32 leaf on the CPU that wants a gradient.
    at::Tensor add(const std::string& name, at::IntArrayRef shape, Init init);

    const tensor::NamedTensors& all() const { return named_; }
    std::int64_t count() const;  // numbers in all tensors
    void to(c10::Device device);
    // In place, every handle sees it; gradients are dropped.
    void to(at::ScalarType type);

    // What of `source` is missing, surplus or of another shape: a line each, none if it fits.
    std::vector<std::string> mismatches(const tensor::NamedTensors& source) const;

    // Copies values from `source`. Throws DataError listing all missing, surplus and misshapen
    // tensors, with `where` in front.
    void load(const tensor::NamedTensors& source, const std::string& where);
    // The same with the tensors themselves, where they are of float32: nobody else may change them.
    void take(tensor::NamedTensors source, const std::string& where);

private:
    void require_fit(const tensor::NamedTensors& source, const std::string& where) const;

    std::optional<std::uint64_t> seed_;
    tensor::NamedTensors named_;
};

}  // namespace lip::model
