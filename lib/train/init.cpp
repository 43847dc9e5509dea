#include "train/init.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cli/values.h"
#include "model/layout.h"
#include "model/lora.h"
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
    // Positions are fitted.
    config.vision.image_size = config.vision.patch_size;
    config.text.context_length = neutral.text.context_length;
    config.init_logit_scale = neutral.init_logit_scale;
    config.has_logit_bias = neutral.has_logit_bias;
    config.init_logit_bias = neutral.init_logit_bias;
    config.lora = neutral.lora;
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

// Whether the tower's positions have one of a class token.
model::VisionConfig vision_of(const model::ModelConfig& config) {
    model::VisionConfig vision = config.vision;
    if (config.has_mixture()) vision.class_token = config.llip.class_token;
    return vision;
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

void check_flair(const model::ModelConfig& theirs, const model::ModelConfig& mine,
                 const std::string& checkpoint) {
    if (!theirs.asks_patches() || !mine.asks_patches() || theirs.flair.heads == mine.flair.heads)
        return;
    cli::warn("--init " + checkpoint +
              ": its weights were trained with other settings (flair.heads: " +
              std::to_string(theirs.flair.heads) + " there, " + std::to_string(mine.flair.heads) +
              " here; --set flair.heads=" + std::to_string(theirs.flair.heads) + " uses the same)");
}

// A tower that is to have mixture tokens in place of a class token and a projection of its own.
// Returns what fell away.
std::vector<std::string> fit_llip(tensor::NamedTensors& theirs, const model::ModelConfig& there,
                                  const model::ModelConfig& here) {
    std::vector<std::string> dropped;
    if (!here.has_mixture() || there.has_mixture()) return dropped;
    const bool drops_class = there.vision.class_token && !here.llip.class_token;
    for (auto& [name, value] : theirs)
        if (drops_class && name == "visual.positional_embedding") value = value.slice(0, 1);
    std::erase_if(theirs, [&](const auto& entry) {
        const bool drops = (drops_class && entry.first == "visual.class_embedding") ||
                           entry.first == "visual.proj";
        if (drops) dropped.push_back(entry.first);
        return drops;
    });
    return dropped;
}

// "readout.key.weight, readout.query.weight and 3 more".
std::string some_of(const std::vector<std::string>& names) {
    const std::size_t shown = std::min<std::size_t>(names.size(), 3);
    std::string text = cli::join(std::vector<std::string>(
        names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown)));
    if (names.size() > shown) text += " and " + std::to_string(names.size() - shown) + " more";
    return text;
}

// "images of 128 pixels, not 64".
void report_sizes(const model::ModelConfig& there, const model::ModelConfig& here,
                  const std::string& what) {
    const auto report = [&](std::int64_t old, std::int64_t now, const char* of, const char* unit) {
        if (old != now)
            cli::info(what + of + std::to_string(now) + unit + ", not " + std::to_string(old) +
                      ": the positions are fitted");
    };
    if (there.vision.grid() != here.vision.grid())
        report(there.vision.image_size, here.vision.image_size, "images of ", " pixels");
    const std::int64_t rest = here.vision.image_size % here.vision.patch_size;
    if (rest != 0 && there.vision.image_size != here.vision.image_size)
        cli::warn("--image-size " + std::to_string(here.vision.image_size) +
                  " is no multiple of the patches of " + std::to_string(here.vision.patch_size) +
                  " pixels: the last " + std::to_string(rest) + " rows and columns are not seen");
    report(there.text.context_length, here.text.context_length, "texts of ", " tokens");
}

// A folder says itself which architecture it has.
model::ImportedModel import_start(const std::string& option, const std::string& path,
                                  model::ForeignOptions options, const std::string& tokenizer) {
    if (std::filesystem::is_directory(path)) options.arch.clear();
    try {
        return model::import_model(path, options, tokenizer);
    } catch (const cli::DataError& problem) {
        throw cli::DataError(option + " " + problem.what());
    }
}

}  // namespace

std::string model_difference(const model::ModelConfig& there, const model::ModelConfig& here) {
    const std::string theirs = shape_of(there), mine = shape_of(here);
    return theirs == mine ? std::string() : first_difference(theirs, mine);
}

Start read_start(const std::string& option, const std::string& path,
                 const model::ForeignOptions& options, const std::string& tokenizer) {
    Start start;
    start.name = path;
    namespace fs = std::filesystem;
    if (fs::is_directory(path) && !model::is_foreign(path) &&
        !fs::exists(fs::path(path) / "config.json") && !fs::exists(fs::path(path) / "checkpoints"))
        throw cli::DataError(
            option + " " + path +
            ": is no checkpoint or run folder, nor a model of open_clip or Hugging "
            "Face (open_clip_config.json, config.json)");
    if (!fs::exists(path))
        throw cli::DataError(option + " " + path +
                             ": does not exist (a file or folder here; nothing is downloaded)");
    if (!model::is_foreign(path)) {
        const std::filesystem::path folder = model::find_checkpoint(path);
        start.config = model::read_config(folder);
        start.tensors = tensor::read_safetensors((folder / "model.safetensors").string());
        model::merge_lora(start.config, start.tensors);
        model::check_finite(start.tensors, option + " " + path);
        start.tokenizer = text::load_tokenizer(folder.string());
        start.config_file = (folder / "config.json").string();
        start.tokenizer_file = folder.string();
        return start;
    }
    model::ImportedModel imported = import_start(option, path, options, tokenizer);
    for (const std::string& note : imported.notes) cli::info(option + " " + path + ": " + note);
    if (!imported.left_out.empty())
        throw cli::DataError(option + " " + path + ": " + imported.left_out.front() +
                             (imported.left_out.size() > 1 ? " and other tensors have" : " has") +
                             " no place in the model (checkpoint import --drop-extra leaves them "
                             "out, and " +
                             option + " takes what it writes)");
    start.config = std::move(imported.config);
    start.tensors = std::move(imported.tensors);
    start.tokenizer = std::move(imported.tokenizer);
    return start;
}

void load_initial_weights(model::LanguageImageModel& model, const text::Tokenizer& tokenizer,
                          const Start& start, model::Stretch stretch) {
    const std::string what = "--init " + start.name + ": ";
    if (const std::string difference = model_difference(start.config, model.config);
        !difference.empty())
        throw cli::UsageError(what + "its architecture differs from that of the run (" +
                              difference +
                              "; without --arch and --tokenizer the run has those of --init)");
    check_llip(start.config, model.config, start.name);
    check_flair(start.config, model.config, start.name);
    if (start.config.method != model.config.method)
        cli::info(what + "is a model of --method " + start.config.method + ", the run uses " +
                  model.config.method);
    if (start.tokenizer->file_name() == tokenizer.file_name() &&
        start.tokenizer->file_bytes() != tokenizer.file_bytes())
        throw cli::UsageError(what +
                              "its tokenizer differs from that of the run (without --tokenizer the "
                              "run has that of --init)");
    const auto is_number = [](const at::Tensor& tensor) { return tensor.numel() == 1; };
    std::map<std::string, at::Tensor> mine(model.parameters.all().begin(),
                                           model.parameters.all().end());
    tensor::NamedTensors theirs = start.tensors, weights;
    std::vector<std::string> dropped = fit_llip(theirs, start.config, model.config), fresh;
    model::fit_image_positions(theirs, vision_of(model.config));
    model::fit_text_positions(theirs, model.config.text.context_length, stretch);
    report_sizes(start.config, model.config, what);
    for (const auto& [name, tensor] : theirs) {
        const bool other_readout =
            name.starts_with("readout.") && start.config.method != model.config.method;
        const bool is_known = !other_readout && mine.erase(name) > 0;
        if (!is_known && (is_of_regions(name) || other_readout))
            dropped.push_back(name);
        else if (is_known || !is_number(tensor))
            weights.emplace_back(name, tensor);
    }
    for (const auto& [name, tensor] : mine) {
        const bool is_new = model::is_ours_alone(name);
        if (is_number(tensor) || is_new || model::is_lora(name)) weights.emplace_back(name, tensor);
        if (is_new) fresh.push_back(name);
    }
    model.parameters.load(weights, start.name);
    if (!fresh.empty())
        cli::warn(what + "it lacks " + some_of(fresh) + ": new, as in a model without --init");
    if (!dropped.empty())
        cli::warn(what + "this run does not use " + some_of(dropped) + "; left out");
}

}  // namespace lip::train
