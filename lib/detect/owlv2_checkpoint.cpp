#include "detect/owlv2_checkpoint.h"

#include "cli/error.h"
#include "model/checkpoint.h"
#include "model/checksums.h"
#include "model/foreign.h"
#include "model/layout.h"
#include "record/file.h"
#include "tensor/safetensors.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <map>

namespace lip::detect {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using tensor::NamedTensors;

constexpr std::size_t kMostJson = 1 << 20;
constexpr const char* kWeights = "model.safetensors";

Json config_of(const fs::path& folder) {
    const std::string file = (folder / "config.json").string();
    Json json = Json::parse(record::read_file(file, kMostJson), nullptr, false);
    if (!json.is_object()) throw cli::DataError(file + ": is not a JSON object");
    return json;
}

// The image tower has no projection, so its configuration says nothing of one.
std::string config_json(model::ModelConfig config) {
    config.vision.projection = true;
    const Json towers = Json::parse(model::to_json(config));
    Json root = {{"detector", "owlv2"}};
    root.update(towers);
    for (const char* key : {"method", "init_logit_scale"}) root["model_cfg"].erase(key);
    for (const char* key : {"interpolation", "resize_mode"}) root["preprocess_cfg"].erase(key);
    return root.dump(2) + "\n";
}

bool is_ours(const fs::path& folder) {
    return config_of(folder).contains("detector");
}

// Parts of OWLv2 that only its training on pairs of images and texts used, and buffers.
bool is_unused(const std::string& name) {
    return name == "owlv2.visual_projection.weight" || name == "owlv2.logit_scale" ||
           name == "box_bias" || name.ends_with("position_ids");
}

std::string shape_text(const at::Tensor& tensor) {
    std::string out;
    for (const std::int64_t side : tensor.sizes())
        out += (out.empty() ? "[" : ", ") + std::to_string(side);
    return out.empty() ? "a number" : out + "]";
}

// Theirs as ours. All that is missing is named as it is called in the file.
NamedTensors from_hf(const NamedTensors& theirs, const Owlv2& model, const std::string& where,
                     std::vector<std::string>& left_out) {
    std::vector<std::string> none;
    std::map<std::string, at::Tensor> given(theirs.begin(), theirs.end());
    NamedTensors kept;
    std::string problems;
    for (const auto& [name, wanted] :
         model::to_layout(model.parameters.all(), model::Layout::kHfOwlv2, none)) {
        const auto found = given.find(name);
        if (found == given.end()) {
            problems += "\n  " + name + " is missing";
            continue;
        }
        if (found->second.sizes() != wanted.sizes())
            problems += "\n  " + name + " is " + shape_text(found->second) + ", expected " +
                        shape_text(wanted);
        kept.push_back(*found);
        given.erase(found);
    }
    if (!problems.empty())
        throw cli::DataError(where +
                             ": the weights do not fit the OWLv2 model in config.json:" + problems);
    for (const auto& [name, value] : given)
        if (!is_unused(name)) left_out.push_back(name);
    return model::from_layout(kept, model::Layout::kHfOwlv2, where);
}

}  // namespace

model::ModelConfig read_owlv2_config(const fs::path& folder) {
    const std::string file = (folder / "config.json").string();
    Json json = config_of(folder);
    if (!json.contains("detector"))
        return model::parse_hf_owlv2_config(json.dump(), model::read_hf_pixels(folder), file);
    if (json["detector"] != "owlv2")
        throw cli::DataError(file + ".detector: " + json["detector"].dump() + " is not \"owlv2\"");
    model::ModelConfig config = model::parse_config(json.dump(), file);
    if (config.embed_dim != config.text.width)
        throw cli::DataError(file + ": embed_dim is not the width of the text tower");
    const model::VisionConfig& vision = config.vision;
    if (vision.pool_type != "tok" || !vision.class_token || vision.attentional_pool ||
        config.has_mixture() || config.text.is_padded() || config.text.proj_bias)
        throw cli::DataError(file +
                             ": is not a configuration of OWLv2 (expected towers with a class "
                             "token, plain pooling, and a causal text tower)");
    config.vision.projection = false;
    return config;
}

LoadedOwlv2 load_owlv2(const fs::path& folder, c10::Device device, const std::string& tokenizer) {
    LoadedOwlv2 loaded;
    loaded.folder = folder;
    const model::ModelConfig config = read_owlv2_config(folder);
    loaded.model = std::make_unique<Owlv2>(config, /*seed=*/std::nullopt);
    if (is_ours(folder)) {
        const std::string weights = (folder / kWeights).string();
        loaded.model->parameters.take(tensor::read_safetensors(weights), weights);
    } else {
        const NamedTensors ours = from_hf(model::read_hf_weights(folder), *loaded.model,
                                          folder.string(), loaded.left_out);
        loaded.model->parameters.take(ours, folder.string());
    }
    loaded.model->to(device);
    const std::string words = tokenizer.empty() ? folder.string() : tokenizer;
    loaded.tokenizer = text::load_tokenizer(words);
    if (loaded.tokenizer->vocab_size() > config.text.vocab_size)
        throw cli::DataError(
            words + ": the tokenizer has " + std::to_string(loaded.tokenizer->vocab_size()) +
            " entries, but the model has only " + std::to_string(config.text.vocab_size));
    return loaded;
}

void save_owlv2(const fs::path& folder, const Owlv2& model, const text::Tokenizer& tokenizer,
                const std::string& provenance) {
    model::save_tokenizer(folder, tokenizer);
    if (!provenance.empty())
        record::write_file((folder / "provenance.json").string(), provenance + "\n", true);
    tensor::write_safetensors((folder / kWeights).string(), model.parameters.all(),
                              {{"format", "pt"}}, true);
    record::write_file((folder / "config.json").string(), config_json(model.config), true);
    model::write_checksums(folder);
}

}  // namespace lip::detect
