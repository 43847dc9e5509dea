#include "model/beside.h"

#include "cli/error.h"
#include "cli/values.h"
#include "model/checkpoint.h"
#include "model/foreign.h"
#include "record/file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

namespace lip::model {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostText = std::size_t{1} << 20;

std::string read_text(const fs::path& file) {
    return record::read_file(file.string(), kMostText);
}

std::optional<Beside> open_clip_beside(const fs::path& folder) {
    const fs::path file = folder / "open_clip_config.json";
    if (!fs::is_regular_file(file)) return std::nullopt;
    return Beside{parse_config(read_text(file), file.string()), file};
}

// A config.json of anything but a model, which is none of ours, says nothing.
std::optional<Beside> config_beside(const fs::path& folder) {
    const fs::path file = folder / "config.json";
    if (!fs::is_regular_file(file)) return std::nullopt;
    const std::string text = read_text(file);
    if (is_hf_config(text))
        return Beside{parse_hf_config(text, read_hf_pixels(folder), file.string()), file, true};
    const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !(json.contains("model_cfg") || json.contains("vision_cfg")))
        return std::nullopt;
    return Beside{read_config(folder), file};
}

std::optional<Beside> params_beside(const fs::path& folder) {
    for (const fs::path& file : {folder / "params.txt", folder / ".." / "params.txt"})
        if (fs::is_regular_file(file))
            return Beside{.config = parse_params(read_text(file), file.string()),
                          .file = file.lexically_normal(),
                          .is_named = true};
    return std::nullopt;
}

// Values as Python prints them: None, True, 224, [0.5, 0.5, 0.5].
class Params {
public:
    Params(const std::string& text, std::string where) : where_(std::move(where)) {
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);)
            if (const auto colon = line.find(": "); colon != std::string::npos)
                values_[line.substr(0, colon)] = line.substr(colon + 2);
    }

    // Empty: not there, or None.
    std::string text(const std::string& name) const {
        const auto found = values_.find(name);
        return found == values_.end() || found->second == "None" ? "" : found->second;
    }
    bool is_set(const std::string& name) const { return text(name) == "True"; }
    std::string one_of(const std::string& name, const std::vector<std::string>& known) const {
        const std::string value = text(name);
        if (!value.empty() && std::ranges::find(known, value) == known.end())
            fail(name + ": '" + value + "' is none of " + cli::join(known));
        return value;
    }
    std::vector<double> numbers(const std::string& name) const {
        std::string list = text(name);
        for (char& c : list)
            if (c == '[' || c == ']' || c == '(' || c == ')' || c == ',') c = ' ';
        std::istringstream words(list);
        std::vector<double> out;
        for (std::string word; words >> word;) try {
                out.push_back(cli::parse_real(word));
            } catch (const cli::UsageError& problem) {
                fail(name + ": " + problem.what());
            }
        return out;
    }
    [[noreturn]] void fail(const std::string& what) const {
        throw cli::DataError(where_ + ": " + what);
    }

private:
    std::string where_;
    std::map<std::string, std::string> values_;
};

void set_pixels(const Params& params, ModelConfig& config) {
    PreprocessConfig& pixels = config.preprocess;
    const auto colours = [&](const std::string& name, std::vector<double>& to) {
        const std::vector<double> values = params.numbers(name);
        if (values.empty()) return;
        if (values.size() != 3) params.fail(name + " must have three numbers");
        to = values;
    };
    colours("image_mean", pixels.mean);
    colours("image_std", pixels.std);
    // What is random in training is bicubic afterwards.
    const std::string filter =
        params.one_of("image_interpolation", {"bicubic", "bilinear", "random"});
    if (!filter.empty()) pixels.interpolation = filter == "random" ? "bicubic" : filter;
    const std::string mode = params.one_of("image_resize_mode", {"shortest", "longest", "squash"});
    if (!mode.empty()) pixels.resize_mode = mode;
    const std::vector<double> sides = params.numbers("force_image_size");
    if (sides.empty()) return;
    if (sides.size() > 2 || sides.front() != sides.back())
        params.fail("force_image_size: only squares are supported");
    config.vision.image_size = static_cast<std::int64_t>(sides.front());
}

}  // namespace

ModelConfig parse_params(const std::string& text, const std::string& where) {
    const Params params(text, where);
    const std::string name = params.text("model");
    if (name.empty()) params.fail("names no model (--arch NAME does)");
    ModelConfig config;
    try {
        config = load_arch(name);
    } catch (const cli::UsageError&) {
        params.fail("the model '" + name + "' is none of " + cli::join(arch_names()) +
                    " (--arch FILE gives its configuration)");
    }
    const bool is_quick = name.ends_with("-quickgelu") || params.is_set("force_quick_gelu");
    if (params.text("pretrained") == "openai" && !is_quick)
        params.fail(
            "the run began with OpenAI's weights, and whether it used their QuickGELU "
            "depends on the version of open_clip (--arch " +
            name + "-quickgelu or --arch " + name + " says it)");
    if (is_quick) config.vision.activation = config.text.activation = Activation::kQuickGelu;
    if (const std::vector<double> length = params.numbers("force_context_length"); !length.empty())
        config.text.context_length = static_cast<std::int64_t>(length.front());
    set_pixels(params, config);
    return config;
}

std::optional<Beside> find_beside(const fs::path& weights, bool hf_names) {
    const fs::path folder = fs::absolute(weights).parent_path();
    std::optional<Beside> found = hf_names ? config_beside(folder) : open_clip_beside(folder);
    if (!found) found = hf_names ? open_clip_beside(folder) : config_beside(folder);
    if (!found) found = params_beside(folder);
    return found;
}

}  // namespace lip::model
