#include "train/init.h"

#include "cli/error.h"
#include "tensor/safetensors.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

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

// The first thing in which two configurations differ: "text_cfg/layers: 12 there, 6 here".
std::string first_difference(const std::string& theirs, const std::string& mine) {
    using Json = nlohmann::json;
    const Json there = Json::parse(theirs), here = Json::parse(mine);
    const Json::json_pointer place(Json::diff(there, here).at(0).at("path").get<std::string>());
    const auto value = [&](const Json& json) {
        return json.contains(place) ? json.at(place).dump() : "nothing";
    };
    std::string name = place.to_string().substr(1);
    if (name.starts_with("model_cfg/")) name = name.substr(10);
    return name + ": " + value(there) + " there, " + value(here) + " here";
}

}  // namespace

void load_initial_weights(model::LanguageImageModel& model, const text::Tokenizer& tokenizer,
                          const std::string& checkpoint) {
    const std::filesystem::path folder = model::find_checkpoint(checkpoint);
    const std::string there = shape_of(model::read_config(folder)), here = shape_of(model.config);
    if (there != here)
        throw cli::UsageError(
            "--init " + checkpoint + ": its architecture is not that of the run (" +
            first_difference(there, here) + "; --arch " + (folder / "config.json").string() +
            " --tokenizer " + folder.string() + " take it over)");
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
