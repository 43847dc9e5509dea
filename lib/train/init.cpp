#include "train/init.h"

#include "cli/error.h"
#include "tensor/safetensors.h"

#include <ATen/ATen.h>

#include <map>

namespace lip::train {
namespace {

// What must be equal: everything that weights are made for, and nothing that --method, --tokenizer
// or a name sets.
std::string shape_of(model::ModelConfig config) {
    const model::ModelConfig neutral;
    config.name = neutral.name;
    config.method = neutral.method;
    config.init_logit_scale = neutral.init_logit_scale;
    config.has_logit_bias = neutral.has_logit_bias;
    config.init_logit_bias = neutral.init_logit_bias;
    // CLIP's end token is its highest id: both find it.
    if (config.text.pool_type == "argmax") config.text.pool_type = "eos";
    config.text.eos_id = neutral.text.eos_id;
    config.text.pad_id = neutral.text.pad_id;
    config.text.tokenizer = neutral.text.tokenizer;
    return to_json(config);
}

}  // namespace

void load_initial_weights(model::LanguageImageModel& model, const text::Tokenizer& tokenizer,
                          const std::string& checkpoint) {
    const std::filesystem::path folder = model::find_checkpoint(checkpoint);
    if (shape_of(model::read_config(folder)) != shape_of(model.config))
        throw cli::UsageError("--init " + checkpoint +
                              ": its architecture is not that of the run (--arch " +
                              (folder / "config.json").string() + " takes it over)");
    const auto theirs = text::load_tokenizer(folder.string());
    if (theirs->file_name() == tokenizer.file_name() &&
        theirs->file_bytes() != tokenizer.file_bytes())
        throw cli::UsageError("--init " + checkpoint +
                              ": its tokenizer is not that of the run (--tokenizer " +
                              folder.string() + " takes it over)");
    const std::string file = (folder / "model.safetensors").string();
    const auto is_number = [](const at::Tensor& tensor) { return tensor.numel() == 1; };
    std::map<std::string, at::Tensor> mine(model.parameters.all().begin(),
                                           model.parameters.all().end());
    tensor::NamedTensors weights;
    for (const auto& [name, tensor] : tensor::read_safetensors(file))
        if (mine.erase(name) > 0 || !is_number(tensor)) weights.emplace_back(name, tensor);
    for (const auto& [name, tensor] : mine)
        if (is_number(tensor)) weights.emplace_back(name, tensor);
    model.parameters.load(weights, file);
}

}  // namespace lip::train
