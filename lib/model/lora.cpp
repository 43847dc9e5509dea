#include "model/lora.h"

#include "cli/error.h"

#include <ATen/ATen.h>

#include <map>

namespace lip::model {
namespace {

constexpr std::string_view kA = ".lora_a", kB = ".lora_b";

// "attn.in_proj" has its matrix in "attn.in_proj_weight", others in "NAME.weight".
std::string matrix_of(const std::string& name) {
    return name + (name.ends_with(".attn.in_proj") ? "_weight" : ".weight");
}

}  // namespace

bool is_lora(std::string_view name) {
    return name.ends_with(kA) || name.ends_with(kB);
}

void merge_lora(ModelConfig& config, tensor::NamedTensors& tensors) {
    if (!config.lora.any()) return;
    const at::NoGradGuard no_grad;
    const std::map<std::string, at::Tensor> by_name(tensors.begin(), tensors.end());
    std::map<std::string, at::Tensor> added;  // by the names of matrices
    for (const auto& [name, a] : tensors) {
        if (!name.ends_with(kA)) continue;
        const std::string layer = name.substr(0, name.size() - kA.size());
        const auto b = by_name.find(layer + std::string(kB));
        if (b == by_name.end() || !by_name.contains(matrix_of(layer)))
            throw cli::DataError(name + " stands without its other matrices");
        added[matrix_of(layer)] =
            config.lora.scale() * b->second.to(at::kDouble).matmul(a.to(at::kDouble));
    }
    std::erase_if(tensors, [](const auto& entry) { return is_lora(entry.first); });
    for (auto& [name, value] : tensors)
        if (const auto found = added.find(name); found != added.end())
            value = (value.to(at::kDouble) + found->second).to(value.scalar_type());
    config.lora = {};
}

LoadedModel merged(LoadedModel loaded) {
    ModelConfig config = loaded.model->config;
    if (!config.lora.any()) return loaded;
    tensor::NamedTensors tensors = loaded.model->parameters.all();
    merge_lora(config, tensors);
    auto model = std::make_unique<LanguageImageModel>(config, /*seed=*/0);
    model->parameters.load(tensors, loaded.folder.string());
    model->to(loaded.model->device());
    loaded.model = std::move(model);
    return loaded;
}

}  // namespace lip::model
