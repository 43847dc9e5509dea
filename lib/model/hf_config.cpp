// Hugging Face's configurations of CLIPModel, SiglipModel and Owlv2ForObjectDetection.
#include "cli/error.h"
#include "model/foreign.h"

#include <nlohmann/json.hpp>

namespace lip::model {
namespace {

using Json = nlohmann::ordered_json;

class HfReader {
public:
    HfReader(Json json, std::string where) : json_(std::move(json)), where_(std::move(where)) {
        if (!json_.is_object()) throw cli::DataError(where_ + ": is not a JSON object");
    }
    // `standard`: what the library takes where a file says nothing.
    template <class T>
    T get(const char* key, T standard) const {
        if (!json_.contains(key) || json_[key].is_null()) return standard;
        try {
            return json_[key].get<T>();
        } catch (const nlohmann::json::exception&) {
            throw cli::DataError(where_ + "." + key + ": has the wrong type");
        }
    }
    HfReader child(const char* key) const {
        return {json_.contains(key) ? json_[key] : Json::object(), where_ + "." + key};
    }
    bool has(const char* key) const { return json_.contains(key) && !json_[key].is_null(); }
    const Json& operator[](const char* key) const { return json_[key]; }
    const std::string& where() const { return where_; }

private:
    Json json_;
    std::string where_;
};

Activation activation_of(const HfReader& r, const char* standard) {
    const auto name = r.get<std::string>("hidden_act", standard);
    if (name == "gelu") return Activation::kGelu;
    if (name == "quick_gelu") return Activation::kQuickGelu;
    if (name == "gelu_pytorch_tanh") return Activation::kGeluTanh;
    throw cli::DataError(r.where() + ".hidden_act: '" + name + "' is not supported");
}

double ratio(std::int64_t hidden, std::int64_t width) {
    return static_cast<double>(hidden) / static_cast<double>(width);
}

void read_hf_vision(const HfReader& r, bool siglip, VisionConfig& vision) {
    vision.width = r.get<std::int64_t>("hidden_size", 768);
    vision.layers = r.get<std::int64_t>("num_hidden_layers", 12);
    const auto heads = r.get<std::int64_t>("num_attention_heads", 12);
    if (heads < 1 || vision.width < heads)
        throw cli::DataError(r.where() + ".num_attention_heads: out of bounds");
    vision.head_width = vision.width / heads;
    vision.mlp_ratio = ratio(r.get<std::int64_t>("intermediate_size", 3072), vision.width);
    vision.image_size = r.get<std::int64_t>("image_size", 224);
    vision.patch_size = r.get<std::int64_t>("patch_size", siglip ? 16 : 32);
    vision.norm_eps = r.get("layer_norm_eps", siglip ? 1e-6 : 1e-5);
    vision.activation = activation_of(r, siglip ? "gelu_pytorch_tanh" : "quick_gelu");
    if (!siglip) return;
    if (!r.get("vision_use_head", true))
        throw cli::DataError(r.where() +
                             ".vision_use_head: models without a head are not supported");
    vision.pool_type = "map";
    vision.no_ln_pre = vision.patch_bias = true;
    vision.class_token = vision.projection = false;
}

void read_hf_text(const HfReader& r, bool siglip, TextConfig& text) {
    text.width = r.get<std::int64_t>("hidden_size", siglip ? 768 : 512);
    text.layers = r.get<std::int64_t>("num_hidden_layers", 12);
    text.heads = r.get<std::int64_t>("num_attention_heads", siglip ? 12 : 8);
    text.mlp_ratio =
        ratio(r.get<std::int64_t>("intermediate_size", siglip ? 3072 : 2048), text.width);
    text.context_length = r.get<std::int64_t>("max_position_embeddings", siglip ? 64 : 77);
    text.vocab_size = r.get<std::int64_t>("vocab_size", siglip ? 32000 : 49408);
    text.norm_eps = r.get("layer_norm_eps", siglip ? 1e-6 : 1e-5);
    text.activation = activation_of(r, siglip ? "gelu_pytorch_tanh" : "quick_gelu");
    if (siglip) {
        text.pool_type = "last";
        text.no_causal_mask = text.proj_bias = true;
        text.pad_id = 1;
        return;
    }
    // Files from before the end token was looked for say 2, and mean the highest id.
    text.eos_id = r.get<std::int64_t>("eos_token_id", 49407);
    text.pool_type = text.eos_id == 2 ? "argmax" : "eos";
}

PreprocessConfig read_hf_preprocess(const std::string& json, bool siglip,
                                    const std::string& where) {
    PreprocessConfig pixels;
    if (siglip) {
        pixels.mean = pixels.std = {0.5, 0.5, 0.5};
        pixels.resize_mode = "squash";
    }
    if (json.empty()) return pixels;
    const HfReader r(Json::parse(json, nullptr, false), where);
    pixels.mean = r.get("image_mean", pixels.mean);
    pixels.std = r.get("image_std", pixels.std);
    const auto resample = r.get<std::int64_t>("resample", 3);
    if (resample != 2 && resample != 3)
        throw cli::DataError(where + ".resample: only 2 (bilinear) and 3 (bicubic) are supported");
    pixels.interpolation = resample == 2 ? "bilinear" : "bicubic";
    if (r.has("size") && r["size"].is_object())
        pixels.resize_mode = r["size"].contains("shortest_edge") ? "shortest" : "squash";
    return pixels;
}

}  // namespace

ModelConfig parse_hf_config(const std::string& json, const std::string& preprocessor,
                            const std::string& where) {
    const HfReader r(Json::parse(json, nullptr, /*allow_exceptions=*/false), where);
    const auto type = r.get<std::string>("model_type", "");
    const bool siglip = type == "siglip";
    if (type != "clip" && !siglip)
        throw cli::DataError(where + ": model_type '" + type + "' is neither clip nor siglip");
    ModelConfig config;
    config.name = type;
    config.method = siglip ? "siglip" : "clip";
    read_hf_vision(r.child("vision_config"), siglip, config.vision);
    const HfReader text = r.child("text_config");
    read_hf_text(text, siglip, config.text);
    config.embed_dim = siglip ? text.get<std::int64_t>("projection_size", config.text.width)
                              : r.get<std::int64_t>("projection_dim", 512);
    config.has_logit_bias = siglip;
    config.init_logit_scale = r.get("logit_scale_init_value", config.init_logit_scale);
    config.preprocess = read_hf_preprocess(preprocessor, siglip, where);
    check(config, where);
    return config;
}

ModelConfig parse_hf_owlv2_config(const std::string& json, const std::string& preprocessor,
                                  const std::string& where) {
    const HfReader r(Json::parse(json, nullptr, /*allow_exceptions=*/false), where);
    if (const auto type = r.get<std::string>("model_type", ""); type != "owlv2")
        throw cli::DataError(where + ": model_type '" + type + "' is not owlv2");
    ModelConfig config;
    config.name = "owlv2";
    const HfReader vision = r.child("vision_config"), text = r.child("text_config");
    read_hf_vision(vision, /*siglip=*/false, config.vision);
    config.vision.image_size = vision.get<std::int64_t>("image_size", 768);
    config.vision.patch_size = vision.get<std::int64_t>("patch_size", 16);
    read_hf_text(text, /*siglip=*/false, config.text);
    config.text.context_length = text.get<std::int64_t>("max_position_embeddings", 16);
    config.text.pool_type = "argmax";
    config.embed_dim = r.get<std::int64_t>("projection_dim", 512);
    if (config.embed_dim != config.text.width)
        throw cli::DataError(where + ": projection_dim " + std::to_string(config.embed_dim) +
                             " is not the width of the text tower, " +
                             std::to_string(config.text.width));
    if (!preprocessor.empty()) {
        const HfReader pixels(Json::parse(preprocessor, nullptr, false), where);
        config.preprocess.mean = pixels.get("image_mean", config.preprocess.mean);
        config.preprocess.std = pixels.get("image_std", config.preprocess.std);
    }
    check(config, where);
    config.vision.projection = false;
    return config;
}

}  // namespace lip::model
