#include "train/init.h"

#include "cli/error.h"
#include "cli/log.h"
#include "model/method_config.h"
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
    config.regions = false;
    config.preprocess.resize_mode = neutral.preprocess.resize_mode;
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

// A CLIP may go on with regions, or without them again.
bool is_of_regions(const std::string& name) {
    return name.starts_with("prompter.") || name.starts_with("box_head.");
}

// What a Llip model's weights are shapes of, as far as shapes go.
bool is_shape(const std::string& key) {
    return key == "mixture_tokens" || key == "layer_norm" || key == "bias" || key == "class_token";
}

// Settings in which two Llip models differ and that are used: "llip.heads: 8 there, 4 here".
// `taking` are the options that take theirs over.
struct LlipDifference {
    std::string text, taking;
    bool fits = true;  // the weights have the same names and shapes

    void add(const std::string& key, const nlohmann::ordered_json& there,
             const nlohmann::ordered_json& here) {
        const auto word = [](const nlohmann::ordered_json& value) {
            return value.is_string() ? value.get<std::string>() : value.dump();
        };
        text += (text.empty() ? "llip." : ", llip.") + key + ": " + word(there) + " there, " +
                word(here) + " here";
        taking += (taking.empty() ? "--set llip." : " --set llip.") + key + "=" + word(there);
    }
};

LlipDifference compare_llip(const model::ModelConfig& theirs, const model::ModelConfig& mine) {
    const model::LlipConfig &a = theirs.llip, &b = mine.llip;
    const nlohmann::ordered_json there = model::llip_json(a), here = model::llip_json(b);
    LlipDifference difference;
    for (const auto& [key, value] : there.items()) {
        if (value == here[key]) continue;
        const bool of_keys =
            key == "heads" || key == "temperature" || key == "scale" || key == "learn_temperature";
        if (of_keys && !(a.has_keys() && b.has_keys())) continue;
        if (key == "temperature" && a.learn_temperature && b.learn_temperature) continue;
        if (key == "query" && !(theirs.is_text_conditioned() && mine.is_text_conditioned()))
            continue;
        difference.add(key, value, here[key]);
        // Of what queries are made from, only the text's feature has another width.
        const bool other_width = key == "query" &&
                                 (a.query == "pre_projection" || b.query == "pre_projection") &&
                                 mine.text.width != mine.embed_dim;
        const bool other_tensors = key == "mixing" && (a.has_keys() || b.has_keys());
        if (is_shape(key) || other_width || other_tensors) difference.fits = false;
    }
    return difference;
}

void check_llip(const model::ModelConfig& theirs, const model::ModelConfig& mine,
                const std::string& checkpoint) {
    if (!theirs.has_mixture() || !mine.has_mixture()) return;
    const LlipDifference difference = compare_llip(theirs, mine);
    const std::string what = "--init " + checkpoint + ": ";
    if (!difference.fits)
        throw cli::UsageError(what + "its weights do not fit the run (" + difference.text + "; " +
                              difference.taking + " uses the same)");
    if (!difference.text.empty())
        cli::warn(what + "its weights were trained with other settings (" + difference.text + "; " +
                  difference.taking + " uses the same)");
}

}  // namespace

void load_initial_weights(model::LanguageImageModel& model, const text::Tokenizer& tokenizer,
                          const std::string& checkpoint) {
    const std::filesystem::path folder = model::find_checkpoint(checkpoint);
    const model::ModelConfig theirs_config = model::read_config(folder);
    const std::string there = shape_of(theirs_config), here = shape_of(model.config);
    if (there != here)
        throw cli::UsageError(
            "--init " + checkpoint + ": its architecture differs from that of the run (" +
            first_difference(there, here) + "; --arch " + (folder / "config.json").string() +
            " --tokenizer " + folder.string() + " use the same)");
    check_llip(theirs_config, model.config, checkpoint);
    const auto theirs = text::load_tokenizer(folder.string());
    if (theirs->file_name() == tokenizer.file_name() &&
        theirs->file_bytes() != tokenizer.file_bytes())
        throw cli::UsageError("--init " + checkpoint +
                              ": its tokenizer differs from that of the run (--tokenizer " +
                              folder.string() + " uses the same)");
    const std::string file = (folder / "model.safetensors").string();
    const auto is_number = [](const at::Tensor& tensor) { return tensor.numel() == 1; };
    std::map<std::string, at::Tensor> mine(model.parameters.all().begin(),
                                           model.parameters.all().end());
    tensor::NamedTensors weights;
    bool drops_regions = false, starts_regions = false;
    for (const auto& [name, tensor] : tensor::read_safetensors(file)) {
        const bool is_known = mine.erase(name) > 0;
        if (!is_known && is_of_regions(name))
            drops_regions = true;
        else if (is_known || !is_number(tensor))
            weights.emplace_back(name, tensor);
    }
    for (const auto& [name, tensor] : mine) {
        if (is_number(tensor) || is_of_regions(name)) weights.emplace_back(name, tensor);
        starts_regions |= is_of_regions(name);
    }
    model.parameters.load(weights, file);
    const std::string what = "--init " + checkpoint + ": ";
    if (starts_regions)
        cli::warn(what + "it lacks parts of the Prompter, which start with random weights");
    if (drops_regions)
        cli::warn(what +
                  "it has parts of a Prompter that this run does not use; they are left out");
}

}  // namespace lip::train
