#include "model/checkpoint.h"

#include "cli/error.h"
#include "model/checksums.h"
#include "record/file.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace lip::model {

namespace fs = std::filesystem;

fs::path find_checkpoint(const fs::path& path) {
    if (fs::is_regular_file(path / "config.json")) return path;
    std::vector<fs::path> found;
    if (fs::is_directory(path / "checkpoints"))
        for (const auto& entry : fs::directory_iterator(path / "checkpoints"))
            if (entry.path().filename().string().starts_with("step-") &&
                fs::is_regular_file(entry.path() / "config.json"))
                found.push_back(entry.path());
    if (found.empty() && fs::exists(path / "open_clip_config.json"))
        throw cli::DataError(
            path.string() +
            ": is a model of open_clip (checkpoint import makes a checkpoint of it)");
    if (found.empty())
        throw cli::DataError(path.string() +
                             (fs::exists(path)
                                  ? ": is neither a checkpoint (config.json, model.safetensors) "
                                    "nor a run folder with one"
                                  : ": does not exist"));
    return *std::max_element(found.begin(), found.end());
}

namespace {

constexpr std::size_t kMostConfig = 1 << 20;

bool says_detector(const std::string& config) {
    const auto json = nlohmann::json::parse(config, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return false;
    return json.contains("detector") ||
           (json.contains("model_type") && json["model_type"] == "owlv2");
}

}  // namespace

bool is_hf_config(const std::string& text) {
    const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    return json.is_object() && json.contains("model_type") && !json.contains("model_cfg");
}

bool is_detector(const fs::path& checkpoint) {
    return says_detector(record::read_file((checkpoint / "config.json").string(), kMostConfig));
}

ModelConfig read_config(const fs::path& checkpoint) {
    const std::string file = (checkpoint / "config.json").string();
    const std::string config = record::read_file(file, kMostConfig);
    if (says_detector(config))
        throw cli::DataError(checkpoint.string() +
                             ": is an OWLv2 detector, which finds boxes only (ground -m " +
                             checkpoint.string() + ")");
    if (is_hf_config(config))
        throw cli::DataError(
            checkpoint.string() +
            ": is a model of Hugging Face (checkpoint import makes a checkpoint of "
            "it)");
    return parse_config(config, file);
}

LoadedModel load_model(const fs::path& path, c10::Device device) {
    LoadedModel loaded;
    loaded.folder = find_checkpoint(path);
    const ModelConfig config = read_config(loaded.folder);
    loaded.model = std::make_unique<LanguageImageModel>(config, /*seed=*/std::nullopt);
    const std::string weights = (loaded.folder / "model.safetensors").string();
    loaded.model->parameters.take(tensor::read_safetensors(weights), weights);
    loaded.model->to(device);
    loaded.tokenizer = text::load_tokenizer(loaded.folder.string());
    if (loaded.tokenizer->vocab_size() > config.text.vocab_size)
        throw cli::DataError(loaded.folder.string() + ": the tokenizer has " +
                             std::to_string(loaded.tokenizer->vocab_size()) +
                             " pieces, but the model has only " +
                             std::to_string(config.text.vocab_size));
    return loaded;
}

void save_tokenizer(const fs::path& folder, const text::Tokenizer& tokenizer) {
    record::write_file((folder / tokenizer.file_name()).string(), tokenizer.file_bytes(), true);
    if (const std::string config = tokenizer.config_json(); !config.empty())
        record::write_file((folder / text::kTokenizerConfigFile).string(), config, true);
}

void save_model(const fs::path& folder, const LanguageImageModel& model,
                const text::Tokenizer& tokenizer, const std::string& provenance) {
    save_tokenizer(folder, tokenizer);
    // Provenance holds the time, and the same training gives the same weights file: so it stands
    // beside.
    if (!provenance.empty())
        record::write_file((folder / "provenance.json").string(), provenance + "\n", true);
    tensor::write_safetensors((folder / "model.safetensors").string(), model.parameters.all(),
                              {{"format", "pt"}}, true);
    record::write_file((folder / "config.json").string(), to_json(model.config), true);
    write_checksums(folder);
}

}  // namespace lip::model
