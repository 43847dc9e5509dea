#include "model/config.h"

#include "cli/error.h"
#include "cli/options.h"
#include "record/file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

namespace lip::model {
namespace {

using Json = nlohmann::ordered_json;

struct Arch {
    const char* name;
    std::int64_t embed_dim, layers, width, head_width, patch;
    std::int64_t text_width, text_heads, text_layers;
};
// open_clip's names and shapes.
constexpr Arch kArchs[] = {
    {"ViT-S-32", 384, 12, 384, 64, 32, 384, 6, 12},
    {"ViT-S-16", 384, 12, 384, 64, 16, 384, 6, 12},
    {"ViT-B-32", 512, 12, 768, 64, 32, 512, 8, 12},
    {"ViT-B-16", 512, 12, 768, 64, 16, 512, 8, 12},
    {"ViT-L-16", 768, 24, 1024, 64, 16, 768, 12, 12},
    {"ViT-L-14", 768, 24, 1024, 64, 14, 768, 12, 12},
};

// The model of the demo: 48 px, 0.9 million parameters.
ModelConfig demo_config() {
    ModelConfig config;
    config.name = "demo";
    config.embed_dim = 128;
    config.vision = {.image_size = 48,
                     .patch_size = 8,
                     .layers = 3,
                     .width = 128,
                     .head_width = 32,
                     .mlp_ratio = 4,
                     .pool_type = "avg",
                     .no_ln_pre = false};
    config.text = {.context_length = 32,
                   .vocab_size = 1000,
                   .layers = 2,
                   .width = 64,
                   .heads = 2,
                   .mlp_ratio = 4,
                   .pool_type = "eos",
                   .eos_id = 2,
                   .tokenizer = "sentencepiece"};
    return config;
}

// Reads known keys of one JSON object and refuses the others.
class Reader {
public:
    Reader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
        if (!json_.is_object()) throw cli::DataError(where_ + ": is no JSON object");
    }
    template <class T>
    void take(const char* key, T& value) {
        seen_.push_back(key);
        if (!json_.contains(key) || json_[key].is_null()) return;
        try {
            value = json_[key].get<T>();
        } catch (const nlohmann::json::exception&) {
            throw cli::DataError(where_ + "." + key + ": has the wrong type");
        }
    }
    // Keys that change nothing here at the given value.
    void expect(const char* key, const Json& harmless) {
        seen_.push_back(key);
        if (json_.contains(key) && !json_[key].is_null() && json_[key] != harmless)
            throw cli::DataError(where_ + "." + key + ": " + json_[key].dump() +
                                 " is not supported (only " + harmless.dump() + ")");
    }
    bool has(const char* key) const { return json_.contains(key); }
    Json child(const char* key) {
        seen_.push_back(key);
        if (!json_.contains(key)) throw cli::DataError(where_ + ": lacks \"" + key + "\"");
        return json_[key];
    }
    void finish() const {
        for (const auto& [key, value] : json_.items())
            if (std::find(seen_.begin(), seen_.end(), key) == seen_.end())
                throw cli::DataError(where_ + ": unknown key \"" + key + "\"");
    }

private:
    const Json& json_;
    std::string where_;
    std::vector<std::string> seen_;
};

void read_vision(const Json& json, VisionConfig& vision, const std::string& where) {
    Reader r(json, where + ".vision_cfg");
    r.take("image_size", vision.image_size);
    r.take("patch_size", vision.patch_size);
    r.take("layers", vision.layers);
    r.take("width", vision.width);
    r.take("head_width", vision.head_width);
    r.take("mlp_ratio", vision.mlp_ratio);
    r.take("pool_type", vision.pool_type);
    r.take("no_ln_pre", vision.no_ln_pre);
    r.finish();
}

void read_text(const Json& json, TextConfig& text, const std::string& where) {
    Reader r(json, where + ".text_cfg");
    r.take("context_length", text.context_length);
    r.take("vocab_size", text.vocab_size);
    r.take("layers", text.layers);
    r.take("width", text.width);
    r.take("heads", text.heads);
    r.take("mlp_ratio", text.mlp_ratio);
    r.take("pool_type", text.pool_type);
    r.take("eos_id", text.eos_id);
    r.take("tokenizer", text.tokenizer);
    r.finish();
}

}  // namespace

ModelConfig parse_config(const std::string& text, const std::string& where) {
    const Json root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!root.is_object()) throw cli::DataError(where + ": is no JSON object");
    ModelConfig config;
    const bool wrapped = root.contains("model_cfg");
    const Json model = wrapped ? root["model_cfg"] : root;
    Reader r(model, where);
    r.take("name", config.name);
    r.take("embed_dim", config.embed_dim);
    r.take("quick_gelu", config.quick_gelu);
    r.take("init_logit_scale", config.init_logit_scale);
    config.has_logit_bias = r.has("init_logit_bias") && !model["init_logit_bias"].is_null();
    r.take("init_logit_bias", config.init_logit_bias);
    r.take("method", config.method);
    read_vision(r.child("vision_cfg"), config.vision, where);
    read_text(r.child("text_cfg"), config.text, where);
    r.finish();
    if (wrapped && root.contains("preprocess_cfg")) {
        const Json preprocess = root["preprocess_cfg"];
        Reader p(preprocess, where + ".preprocess_cfg");
        p.take("mean", config.preprocess.mean);
        p.take("std", config.preprocess.std);
        p.take("interpolation", config.preprocess.interpolation);
        p.take("resize_mode", config.preprocess.resize_mode);
        p.finish();
    }
    check(config, where);
    return config;
}

std::string to_json(const ModelConfig& c) {
    Json model = {
        {"name", c.name},
        {"method", c.method},
        {"embed_dim", c.embed_dim},
        {"quick_gelu", c.quick_gelu},
        {"init_logit_scale", c.init_logit_scale},
    };
    if (c.has_logit_bias) model["init_logit_bias"] = c.init_logit_bias;
    model["vision_cfg"] = {{"image_size", c.vision.image_size}, {"patch_size", c.vision.patch_size},
                           {"layers", c.vision.layers},         {"width", c.vision.width},
                           {"head_width", c.vision.head_width}, {"mlp_ratio", c.vision.mlp_ratio},
                           {"pool_type", c.vision.pool_type},   {"no_ln_pre", c.vision.no_ln_pre}};
    model["text_cfg"] = {{"context_length", c.text.context_length},
                         {"vocab_size", c.text.vocab_size},
                         {"layers", c.text.layers},
                         {"width", c.text.width},
                         {"heads", c.text.heads},
                         {"mlp_ratio", c.text.mlp_ratio},
                         {"pool_type", c.text.pool_type},
                         {"eos_id", c.text.eos_id},
                         {"tokenizer", c.text.tokenizer}};
    const Json root = {{"model_cfg", model},
                       {"preprocess_cfg",
                        {{"mean", c.preprocess.mean},
                         {"std", c.preprocess.std},
                         {"interpolation", c.preprocess.interpolation},
                         {"resize_mode", c.preprocess.resize_mode}}}};
    return root.dump(2) + "\n";
}

std::vector<std::string> arch_names() {
    std::vector<std::string> names = {"demo"};
    for (const Arch& arch : kArchs) names.emplace_back(arch.name);
    return names;
}

ModelConfig load_arch(const std::string& name) {
    if (name == "demo") return demo_config();
    for (const Arch& arch : kArchs) {
        if (name != arch.name) continue;
        ModelConfig config;
        config.name = name;
        config.embed_dim = arch.embed_dim;
        config.vision.layers = arch.layers;
        config.vision.width = arch.width;
        config.vision.head_width = arch.head_width;
        config.vision.patch_size = arch.patch;
        config.text.width = arch.text_width;
        config.text.heads = arch.text_heads;
        config.text.layers = arch.text_layers;
        return config;
    }
    if (std::filesystem::is_regular_file(name))
        return parse_config(record::read_file(name, 1 << 20), name);
    throw cli::UsageError("--arch: '" + name + "' is neither a file nor one of " +
                          cli::join(arch_names()));
}

void check(const ModelConfig& c, const std::string& where) {
    const auto require = [&](bool good, const char* what) {
        if (!good) throw cli::DataError(where + ": " + what);
    };
    const auto sane = [](std::int64_t n, std::int64_t most) { return n >= 1 && n <= most; };
    require(sane(c.embed_dim, 1 << 16), "embed_dim must be 1..65536");
    require(sane(c.vision.width, 1 << 16) && sane(c.vision.layers, 1024),
            "vision width or layers out of bounds");
    require(sane(c.vision.patch_size, 1 << 12) && sane(c.vision.image_size, 1 << 14),
            "image or patch size out of bounds");
    require(c.vision.image_size % c.vision.patch_size == 0,
            "image_size must be a multiple of patch_size");
    require(sane(c.vision.head_width, c.vision.width) && c.vision.width % c.vision.head_width == 0,
            "vision width must be a multiple of head_width");
    require(sane(c.text.width, 1 << 16) && sane(c.text.layers, 1024),
            "text width or layers out of bounds");
    require(sane(c.text.heads, c.text.width) && c.text.width % c.text.heads == 0,
            "text width must be a multiple of heads");
    require(sane(c.text.context_length, 1 << 14), "context_length out of bounds");
    require(sane(c.text.vocab_size, 1 << 24), "vocab_size out of bounds");
    require(c.vision.mlp_ratio > 0 && c.vision.mlp_ratio <= 64 && c.text.mlp_ratio > 0 &&
                c.text.mlp_ratio <= 64,
            "mlp_ratio out of bounds");
    require(c.vision.pool_type == "tok" || c.vision.pool_type == "avg",
            "vision pool_type must be tok or avg");
    require(c.text.pool_type == "argmax" || c.text.pool_type == "eos",
            "text pool_type must be argmax or eos");
    require(c.preprocess.mean.size() == 3 && c.preprocess.std.size() == 3,
            "mean and std must have three numbers");
    for (const double s : c.preprocess.std) require(s > 0, "std must be positive");
    require(c.preprocess.interpolation == "bicubic" || c.preprocess.interpolation == "bilinear",
            "interpolation must be bicubic or bilinear");
    require(c.preprocess.resize_mode == "shortest" || c.preprocess.resize_mode == "squash",
            "resize_mode must be shortest or squash");
}

}  // namespace lip::model
