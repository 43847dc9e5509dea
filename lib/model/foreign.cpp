#include "model/foreign.h"

#include "cli/error.h"
#include "model/language_image_model.h"
#include "record/file.h"
#include "tensor/pt_file.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
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

NamedTensors read_weights(const fs::path& path, bool ema) {
    if (tensor::is_pt(path.string())) return tensor::read_pt(path.string(), ema);
    return tensor::read_safetensors(path.string());
}

// model.safetensors, or its parts by the index beside.
NamedTensors read_parts(const fs::path& index) {
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
        for (auto& entry : tensor::read_safetensors((index.parent_path() / file).string()))
            all.push_back(std::move(entry));
    return all;
}

NamedTensors first_of(const fs::path& folder, std::initializer_list<const char*> names, bool ema) {
    std::string tried;
    for (const char* name : names) {
        const fs::path file = folder / name;
        if (fs::is_regular_file(file))
            return file.extension() == ".json" ? read_parts(file) : read_weights(file, ema);
        tried += (tried.empty() ? "" : ", ") + std::string(name);
    }
    throw cli::DataError(folder.string() + ": holds none of " + tried);
}

// Positions of the grid that the weights were trained with, on the grid of the configuration.
void fit_positions(NamedTensors& tensors, const VisionConfig& vision) {
    const std::int64_t first = vision.class_token ? 1 : 0, grid = vision.grid();
    for (auto& [name, value] : tensors) {
        if (name != "visual.positional_embedding" || value.dim() != 2) continue;
        const std::int64_t there = value.size(0) - first;
        const auto side =
            static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(there))));
        if (there == grid * grid || side * side != there) return;
        const Tensor map =
            value.slice(0, first).view({1, side, side, value.size(1)}).permute({0, 3, 1, 2});
        const Tensor fitted =
            at::_upsample_bicubic2d_aa(map, {grid, grid}, /*align_corners=*/false);
        value = at::cat({value.slice(0, 0, first), fitted.flatten(2).squeeze(0).t()});
    }
}

// In the order of the configuration; what it has no place for is named.
void fit(ForeignModel& foreign, const std::string& where) {
    fit_positions(foreign.tensors, foreign.config.vision);
    const LanguageImageModel wanted(foreign.config, /*seed=*/0);
    std::map<std::string, Tensor> given(foreign.tensors.begin(), foreign.tensors.end());
    NamedTensors kept;
    for (const auto& [name, mine] : wanted.parameters.all())
        if (const auto found = given.find(name); found != given.end()) {
            kept.emplace_back(name, found->second);
            given.erase(found);
        }
    for (const auto& [name, value] : given) foreign.left_out.push_back(name);
    Parameters(wanted.parameters).load(kept, where);
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
    foreign.folder = folder;
    const fs::path config = folder / "config.json", pixels = folder / "preprocessor_config.json";
    foreign.config =
        parse_hf_config(read_json_text(config),
                        fs::is_regular_file(pixels) ? read_json_text(pixels) : "", config.string());
    const NamedTensors theirs = read_hf_weights(folder, options.ema);
    foreign.tensors = from_layout(theirs, find_layout(theirs, folder.string()), folder.string());
    return foreign;
}

ForeignModel read_bare(const fs::path& file, const ForeignOptions& options) {
    if (options.arch.empty())
        throw cli::UsageError(
            file.string() +
            ": bare weights do not say which architecture they have (name it with --arch)");
    ForeignModel foreign;
    foreign.format = tensor::is_pt(file.string()) ? "pt" : "open_clip";
    foreign.config = load_arch(options.arch);
    const NamedTensors theirs = read_weights(file, options.ema);
    foreign.tensors = from_layout(theirs, find_layout(theirs, file.string()), file.string());
    for (const auto& [name, value] : foreign.tensors)
        foreign.config.has_logit_bias |= name == "logit_bias";
    return foreign;
}

}  // namespace

NamedTensors read_hf_weights(const fs::path& folder, bool ema) {
    return first_of(
        folder, {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"}, ema);
}

ForeignModel read_foreign(const fs::path& path, const ForeignOptions& options) {
    if (!fs::exists(path)) throw cli::DataError(path.string() + ": does not exist");
    const auto wanted = [&](const char* format) {
        return options.format.empty() || options.format == format;
    };
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
    fit(foreign, path.string());
    return foreign;
}

}  // namespace lip::model
