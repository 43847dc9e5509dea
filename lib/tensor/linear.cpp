#include "tensor/linear.h"

#include "cli/error.h"
#include "tensor/processor.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace lip::tensor {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

using Scalars = c10::List<std::optional<at::Scalar>>;
using LinearPointwise = Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&,
                               std::string_view, Scalars, std::optional<std::string_view>);
using OneDnnOp = c10::TypedOperatorHandle<LinearPointwise>;

std::optional<OneDnnOp> find_onednn() {
    const auto op = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
    if (!op || !at::hasMKLDNN()) return std::nullopt;
    return op->typed<LinearPointwise>();
}

const std::optional<OneDnnOp>& onednn() {
    static const std::optional<OneDnnOp> op = find_onednn();
    return op;
}

std::string named_products() {
    const char* named = std::getenv("LIP_PRODUCTS");
    return named ? named : "";
}

Products chosen() {
    const std::string named = named_products();
    const bool wanted = named.empty() ? is_amd() : named == "onednn";
    return wanted && onednn() ? Products::kOneDnn : Products::kMkl;
}

// x Wᵀ + b, all matrices.
Tensor product(const Tensor& x, const Tensor& weight,
               const std::optional<Tensor>& bias = std::nullopt) {
    return onednn()->call(x, weight, bias, "none", Scalars(), "");
}

struct OneDnnLinear : torch::autograd::Function<OneDnnLinear> {
    static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                          const std::optional<Tensor>& bias) {
        context->save_for_backward({x, weight});
        context->saved_data["has_bias"] = bias.has_value();
        return product(x, weight, bias);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const variable_list saved = context->get_saved_variables();
        const Tensor &x = saved[0], &weight = saved[1];
        const Tensor& g = gradients[0];
        variable_list out(3);
        if (context->needs_input_grad(0)) out[0] = product(g, weight.t());
        if (context->needs_input_grad(1)) out[1] = product(g.t(), x.t());
        if (context->saved_data["has_bias"].toBool() && context->needs_input_grad(2))
            out[2] = g.sum(0);
        return out;
    }
};

using PackForMkl = Tensor(const Tensor&, std::int64_t);
using MklLinear = Tensor(const Tensor&, const Tensor&, const Tensor&, const std::optional<Tensor>&,
                         std::int64_t);

// An operator that a LibTorch without MKL lacks.
template <class Signature>
std::optional<c10::TypedOperatorHandle<Signature>> find_mkl(const char* name) {
    const auto op = c10::Dispatcher::singleton().findSchema({name, ""});
    if (!op || !at::hasMKL()) return std::nullopt;
    return op->typed<Signature>();
}

bool is_plain(const Tensor& x) {
    return x.is_cpu() && x.scalar_type() == at::kFloat;
}

// In float32 on the CPU, and to stay so.
bool is_plain(const Tensor& x, const Tensor& weight) {
    return is_plain(x) && is_plain(weight) && x.numel() > 0 &&
           !at::autocast::is_autocast_enabled(at::kCPU);
}

std::optional<Tensor> optional(const Tensor& tensor) {
    return tensor.defined() ? std::optional<Tensor>(tensor) : std::nullopt;
}

}  // namespace

Products products() {
    static const Products choice = chosen();
    return choice;
}

void check_products() {
    const std::string named = named_products();
    if (!named.empty() && named != "mkl" && named != "onednn")
        throw cli::UsageError("LIP_PRODUCTS: '" + named + "' is neither mkl nor onednn");
    if (named == "onednn" && !onednn())
        throw cli::UsageError("LIP_PRODUCTS: this LibTorch has no oneDNN");
}

const char* name_of(Products products) {
    return products == Products::kOneDnn ? "oneDNN" : "MKL";
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    if (products() != Products::kOneDnn || !is_plain(x, weight)) return at::linear(x, weight, bias);
    auto shape = x.sizes().vec();
    shape.back() = weight.size(0);
    const Tensor rows = x.reshape({-1, weight.size(1)});
    return OneDnnLinear::apply(rows, weight, optional(bias)).view(shape);
}

PackedWeight pack_weight(const Tensor& weight, std::int64_t rows) {
    static const auto pack = find_mkl<PackForMkl>("mkl::_mkl_reorder_linear_weight");
    if (!pack || products() != Products::kMkl || !is_plain(weight)) return {};
    const at::NoGradGuard no_grad;
    return {pack->call(weight.detach().contiguous(), rows), rows};
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const PackedWeight& packed) {
    static const auto multiply = find_mkl<MklLinear>("mkl::_mkl_linear");
    const bool fits = packed.data.defined() && !at::GradMode::is_enabled() && is_plain(x, weight) &&
                      x.numel() == packed.rows * weight.size(1);
    if (!fits) return linear(x, weight, bias);
    return multiply->call(x.contiguous(), packed.data, weight, optional(bias), packed.rows);
}

}  // namespace lip::tensor
