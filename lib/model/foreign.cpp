#include "model/foreign.h"

#include "cli/error.h"
#include "model/beside.h"
#include "model/language_image_model.h"
#include "model/positions.h"
#include "model/released.h"
#include "record/content.h"
#include "record/file.h"
#include "tensor/pt_file.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

namespace lip::model {
namespace {

namespace fs = std::filesystem;
using at::Tensor;
using tensor::NamedTensors;

constexpr std::size_t kMostJson = std::size_t{64} << 20;

std::string read_json_text(const fs::path& path) {
    return record::read_file(path.string(), kMostJson);
}

// What is known to be no file of weights is called by its name.
void check_is_weights(const fs::path& path) {
    if (!fs::is_regular_file(path)) return;
    std::ifstream file(path, std::ios::binary);
    std::string head(512, '\0');
    file.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(file.gcount()));
    if (tensor::is_safetensors(head) || tensor::is_pt(path.string())) return;
    const record::ContentKind kind = record::content_of(head);
    if (kind.content == record::Content::kPicture || kind.content == record::Content::kForeign)
        throw cli::DataError(path.string() + ": " + kind.message());
    throw cli::DataError(path.string() +
                         ": is no file of weights (safetensors, or what torch.save writes)");
}

NamedTensors read_weights(const fs::path& path, bool ema) {
    if (tensor::is_pt(path.string()))
        return without_wrappers(tensor::read_pt(path.string(), ema), path.string());
    check_is_weights(path);
    if (ema)
        throw cli::DataError(path.string() +
                             ": --ema is for training checkpoints of PyTorch: safetensors have no "
                             "averages beside the weights");
    return without_wrappers(tensor::read_safetensors(path.string()), path.string());
}

// The parts that an index names.
NamedTensors read_parts(const fs::path& index, bool ema) {
    const auto json = nlohmann::json::parse(read_json_text(index), nullptr, false);
    if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
        throw cli::DataError(index.string() + ": has no weight_map");
    std::set<std::string> files;
    for (const auto& [name, file] : json["weight_map"].items()) {
        const std::string part = file.is_string() ? file.get<std::string>() : "";
        if (part.empty() || part.find('/') != std::string::npos)
            throw cli::DataError(index.string() + ": weight_map names '" + part + "'");
        files.insert(part);
    }
    NamedTensors all;
    for (const std::string& file : files)
        for (auto& entry : read_weights(index.parent_path() / file, ema))
            all.push_back(std::move(entry));
    return all;
}

NamedTensors first_of(const fs::path& folder, std::initializer_list<const char*> names, bool ema) {
    std::string tried;
    for (const char* name : names) {
        const fs::path file = folder / name;
        if (fs::is_regular_file(file))
            return file.extension() == ".json" ? read_parts(file, ema) : read_weights(file, ema);
        tried += (tried.empty() ? "" : ", ") + std::string(name);
    }
    throw cli::DataError(folder.string() + ": holds none of " + tried);
}

// In the order of the configuration; what it has no place for is named.
void fit(ForeignModel& foreign, const ForeignOptions& options, const std::string& where) {
    fit_released(foreign, options.long_text);
    if (options.image_size > 0) foreign.config.vision.image_size = options.image_size;
    if (options.context_length > 0) {
        foreign.config.text.context_length = options.context_length;
        fit_text_positions(foreign.tensors, options.context_length, options.stretch);
    }
    check(foreign.config, where);
    fit_image_positions(foreign.tensors, foreign.config.vision);
    const LanguageImageModel wanted(foreign.config, /*seed=*/std::nullopt);
    std::map<std::string, Tensor> given(foreign.tensors.begin(), foreign.tensors.end());
    NamedTensors kept;
    for (const auto& [name, mine] : wanted.parameters.all())
        if (const auto found = given.find(name); found != given.end()) {
            kept.emplace_back(name, found->second);
            given.erase(found);
        }
    for (const auto& [name, value] : given) foreign.left_out.push_back(name);
    Parameters(wanted.parameters).take(kept, where);
    foreign.tensors = std::move(kept);
}

ForeignModel read_open_clip(const fs::path& folder, const ForeignOptions& options) {
    ForeignModel foreign;
    foreign.format = "open_clip";
    foreign.folder = folder;
    const fs::path config = folder / "open_clip_config.json";
    foreign.config = parse_config(read_json_text(config), config.string());
    const NamedTensors theirs = first_of(
        folder, {"open_clip_model.safetensors", "open_clip_pytorch_model.bin"}, options.ema);
    const Layout layout = find_layout(theirs, folder.string());
    foreign.tensors = from_layout(theirs, layout, folder.string());
    return foreign;
}

ForeignModel read_hf(const fs::path& folder, const ForeignOptions& options) {
    ForeignModel foreign;
    foreign.format = "hf";
    foreign.is_hf = true;
    foreign.folder = folder;
    const fs::path config = folder / "config.json";
    foreign.config =
        parse_hf_config(read_json_text(config), read_hf_pixels(folder), config.string());
    const NamedTensors theirs = read_hf_weights(folder, options.ema);
    foreign.tensors = from_layout(theirs, find_layout(theirs, folder.string()), folder.string());
    return foreign;
}

// The architecture of OpenAI's archives, as their own loader finds it: ViTs by the shapes of their
// weights, with QuickGELU.
ModelConfig config_of_weights(const NamedTensors& ours, const std::string& where) {
    const auto shape = [&](std::string_view name) -> at::IntArrayRef {
        for (const auto& [known, value] : ours)
            if (known == name) return value.sizes();
        throw cli::DataError(where + ": " + std::string(name) + " is missing");
    };
    const auto blocks = [&](const std::string& prefix) {
        std::int64_t n = 0;
        for (const auto& [name, value] : ours)
            n += name.starts_with(prefix) && name.ends_with(".ln_1.weight");
        return n;
    };
    ModelConfig config;
    config.name = "OpenAI";
    const at::IntArrayRef patches = shape("visual.conv1.weight");
    const at::IntArrayRef positions = shape("visual.positional_embedding");
    if (patches.size() != 4 || positions.size() != 2 || positions[0] < 2)
        throw cli::DataError(where + ": the weights of the image tower have unknown shapes");
    VisionConfig& vision = config.vision;
    vision.width = patches[0];
    vision.patch_size = patches[3];
    vision.layers = blocks("visual.transformer.resblocks.");
    vision.image_size = vision.patch_size * std::llround(std::sqrt(positions[0] - 1));
    TextConfig& text = config.text;
    text.context_length = shape("positional_embedding")[0];
    text.vocab_size = shape("token_embedding.weight")[0];
    text.width = shape("ln_final.weight")[0];
    text.heads = text.width / 64;
    text.layers = blocks("transformer.resblocks.");
    config.embed_dim = shape("text_projection")[1];
    vision.activation = text.activation = Activation::kQuickGelu;
    check(config, where);
    return config;
}

// The architecture of bare weights: as --arch has it, or the program of OpenAI's, or what lies
// beside.
void set_bare_config(ForeignModel& foreign, const fs::path& file, const std::string& arch,
                     bool is_program, bool hf_names) {
    if (!arch.empty()) {
        foreign.config = load_arch(arch);
        foreign.is_named = std::ranges::count(arch_names(), arch) > 0;
    } else if (is_program) {
        foreign.config = config_of_weights(foreign.tensors, file.string());
        foreign.notes.emplace_back("the architecture is read off the weights");
    } else if (std::optional<Beside> beside = find_beside(file, hf_names)) {
        foreign.config = std::move(beside->config);
        foreign.is_hf = beside->is_hf;
        foreign.is_named = beside->is_named;
        foreign.notes.push_back("the architecture is that of " + beside->file.string());
    } else {
        throw cli::UsageError(
            file.string() +
            ": bare weights do not say which architecture they have, and no open_clip_config.json, "
            "config.json or params.txt lies beside them (name it with --arch)");
    }
}

ForeignModel read_bare(const fs::path& file, const ForeignOptions& options) {
    const bool is_pt = tensor::is_pt(file.string());
    const bool is_program = is_pt && tensor::is_torchscript(file.string());
    check_is_weights(file);
    ForeignModel foreign;
    foreign.format = is_pt ? "pt" : "open_clip";
    foreign.folder = fs::absolute(file).parent_path();
    foreign.is_bare = true;
    const NamedTensors theirs = read_weights(file, options.ema);
    const Layout layout = find_layout(theirs, file.string());
    foreign.tensors = from_layout(theirs, layout, file.string());
    set_bare_config(foreign, file, options.arch, is_program,
                    layout == Layout::kHfClip || layout == Layout::kHfSiglip);
    for (const auto& [name, value] : foreign.tensors) {
        foreign.config.has_logit_bias |= name == "logit_bias";
        if (name == "token_embedding.weight" && value.dim() == 2)
            foreign.config.text.vocab_size = value.size(0);
        std::int64_t& length = foreign.config.text.context_length;
        if (name != "positional_embedding" || value.dim() != 2 || value.size(0) == length) continue;
        foreign.notes.push_back("texts of " + std::to_string(value.size(0)) + " tokens, not " +
                                std::to_string(length) +
                                " as the architecture has them: so the weights have");
        length = value.size(0);
    }
    return foreign;
}

}  // namespace

HfPixels read_hf_pixels(const fs::path& folder) {
    for (const char* name : {"processor_config.json", "preprocessor_config.json"}) {
        if (!fs::is_regular_file(folder / name)) continue;
        std::string text = read_json_text(folder / name);
        // A processor's file may say nothing of images.
        const bool is_whole = std::string_view(name) == "preprocessor_config.json" ||
                              text.find("\"image_processor\"") != text.npos;
        if (is_whole) return {std::move(text), (folder / name).string()};
    }
    return {};
}

NamedTensors read_hf_weights(const fs::path& folder, bool ema) {
    return first_of(folder,
                    {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
                     "pytorch_model.bin.index.json"},
                    ema);
}

ForeignModel read_foreign(const fs::path& path, const ForeignOptions& options) {
    if (!fs::exists(path)) throw cli::DataError(path.string() + ": does not exist");
    const auto wanted = [&](const char* format) {
        return options.format.empty() || options.format == format;
    };
    if (fs::is_directory(path) && !options.arch.empty())
        throw cli::UsageError(
            "--arch: " + path.string() +
            " says itself which architecture it has (--arch is for bare weights)");
    ForeignModel foreign;
    if (!fs::is_directory(path))
        foreign = read_bare(path, options);
    else if (wanted("open_clip") && fs::is_regular_file(path / "open_clip_config.json"))
        foreign = read_open_clip(path, options);
    else if (wanted("hf") && fs::is_regular_file(path / "config.json"))
        foreign = read_hf(path, options);
    else
        throw cli::DataError(
            path.string() + ": holds neither open_clip_config.json nor config.json" +
            (options.format.empty() ? "" : " as --input-format " + options.format + " expects"));
    if (!options.format.empty() && options.format != foreign.format)
        throw cli::DataError(path.string() + ": is " + foreign.format + ", not " + options.format);
    fit(foreign, options, path.string());
    return foreign;
}

}  // namespace lip::model
