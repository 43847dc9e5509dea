// Hugging Face's configurations of CLIPModel, SiglipModel and Owlv2ForObjectDetection.
#include "cli/error.h"
#include "model/config_reader.h"
#include "model/foreign.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <type_traits>

namespace lip::model {
namespace {

class HfReader {
public:
    HfReader(Json json, std::string where) : json_(std::move(json)), where_(std::move(where)) {
        if (!json_.is_object()) throw cli::DataError(where_ + ": is not a JSON object");
    }
    // `standard`: what the library takes where a file says nothing.
    template <class T>
    T get(const char* key, T standard) const {
        if (!json_.contains(key) || json_[key].is_null()) return standard;
        if constexpr (std::is_same_v<T, std::int64_t>)
            if (!is_whole(json_[key]))
                throw cli::DataError(where_ + "." + key + ": no whole number");
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
    const Json& json() const { return json_; }

private:
    Json json_;
    std::string where_;
};

// The part of a tower. Where older files have a "…_config_dict" too, that is the whole of it, as in
// the library.
HfReader tower(const HfReader& r, const char* name) {
    const std::string other = std::string(name) + "_dict";
    return r.child(r.has(other.c_str()) ? other.c_str() : name);
}

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

// Keys of a preprocessor that change no pixel.
constexpr std::string_view kHarmless[] = {"image_processor_type",
                                          "feature_extractor_type",
                                          "processor_class",
                                          "_name_or_path",
                                          "_processor_class",
                                          "auto_map",
                                          "do_convert_rgb",
                                          "data_format",
                                          "input_data_format",
                                          "return_tensors",
                                          "device",
                                          "default_to_square",
                                          "disable_grouping",
                                          "_valid_processor_keys",
                                          "image_seq_length",
                                          "tokenizer_class"};

// "size" and "crop_size": a number, {"shortest_edge"} or {"height", "width"}.
struct HfSize {
    bool is_shortest = false;
    std::int64_t side = 0;
};

HfSize read_hf_size(const HfReader& r, const char* key, bool number_is_shortest, HfSize size) {
    if (!r.has(key)) return size;
    const Json& given = r[key];
    const auto refuse = [&] {
        throw cli::DataError(r.where() + "." + key + ": " + given.dump() +
                             " is not supported (one side, or height and width that are equal)");
    };
    if (given.is_number_integer()) return {number_is_shortest, given.get<std::int64_t>()};
    if (!given.is_object()) refuse();
    const HfReader inner = r.child(key);
    for (const auto& [name, value] : given.items())
        if (name != "shortest_edge" && name != "height" && name != "width" && !value.is_null())
            refuse();
    if (inner.has("shortest_edge")) return {true, inner.get<std::int64_t>("shortest_edge", 0)};
    const auto height = inner.get<std::int64_t>("height", 0);
    if (height < 1 || height != inner.get<std::int64_t>("width", 0)) refuse();
    return {false, height};
}

// What an image processor's file says. A key that is not known may change the pixels: refused.
HfReader read_hf_pixels_json(const std::string& text, const std::string& where) {
    Json json = Json::parse(text, nullptr, false);
    // A processor's file has the image processor's inside.
    if (json.is_object() && json.contains("image_processor") && json["image_processor"].is_object())
        json = Json(json["image_processor"]);
    constexpr std::string_view kKnown[] = {
        "do_resize",      "size",         "resample",   "do_center_crop", "crop_size", "do_rescale",
        "rescale_factor", "do_normalize", "image_mean", "image_std",      "do_pad"};
    HfReader r(std::move(json), where);
    for (const auto& [key, value] : r.json().items())
        if (!value.is_null() && std::ranges::find(kKnown, key) == std::end(kKnown) &&
            std::ranges::find(kHarmless, key) == std::end(kHarmless))
            throw cli::DataError(where + "." + key +
                                 ": is not known, so that it may change the pixels");
    return r;
}

void require(const HfReader& r, bool good, const std::string& what) {
    if (!good) throw cli::DataError(r.where() + "." + what);
}

// Mean and deviation for pixels of 0..1. (factor x - mean) / std of bytes x is
// (x / 255 - mean / (255 factor)) / (std / (255 factor)).
void read_hf_scale(const HfReader& r, PreprocessConfig& pixels) {
    const bool normalizes = r.get("do_normalize", true);
    pixels.mean = normalizes ? r.get("image_mean", pixels.mean) : std::vector<double>(3, 0.0);
    pixels.std = normalizes ? r.get("image_std", pixels.std) : std::vector<double>(3, 1.0);
    const double factor = r.get("do_rescale", true) ? r.get("rescale_factor", 1.0 / 255) : 1.0;
    require(r, factor > 0, "rescale_factor: is not positive");
    if (std::abs(factor * 255 - 1) <= 1e-6) return;
    for (std::vector<double>* numbers : {&pixels.mean, &pixels.std})
        for (double& value : *numbers) value /= 255 * factor;
}

// As the library's image processors of this model work: every key that changes a pixel is obeyed or
// refused. `side`: of the images that the tower takes.
PreprocessConfig read_hf_preprocess(const std::string& text, bool siglip, std::int64_t side,
                                    const std::string& where) {
    PreprocessConfig pixels;
    if (siglip) pixels.mean = pixels.std = {0.5, 0.5, 0.5};
    pixels.resize_mode = siglip ? "squash" : "shortest_floor";
    if (text.empty()) return pixels;
    const HfReader r = read_hf_pixels_json(text, where);
    require(r, r.get("do_resize", true), "do_resize: false is not supported: images have any size");
    require(r, !r.get("do_pad", false), "do_pad: true is not supported");
    const auto resample = r.get<std::int64_t>("resample", 3);
    require(r, resample == 2 || resample == 3,
            "resample: only 2 (bilinear) and 3 (bicubic) are supported");
    pixels.interpolation = resample == 2 ? "bilinear" : "bicubic";
    const HfSize size = read_hf_size(r, "size", !siglip, {!siglip, side});
    const bool crops = r.get("do_center_crop", !siglip);
    const HfSize crop = read_hf_size(r, "crop_size", false, {false, side});
    const auto sides = [](std::int64_t n) { return std::to_string(n) + " pixels"; };
    require(r, size.side == side || (crops && crop.side == side),
            "size: images of " + sides(size.side) + ", but the model takes " + sides(side));
    require(r, size.side == side,
            "size: " + sides(size.side) + " and then a crop of " + sides(crop.side) +
                " is not supported (only a crop as large as the size)");
    require(r, !crops || crop.side == side,
            "crop_size: " + sides(crop.side) + ", but the model takes " + sides(side));
    require(r, crops || !size.is_shortest,
            "do_center_crop: false with a shortest_edge leaves images of any shape");
    pixels.resize_mode = size.is_shortest ? "shortest_floor" : "squash";
    read_hf_scale(r, pixels);
    return pixels;
}

}  // namespace

ModelConfig parse_hf_config(const std::string& json, const HfPixels& pixels,
                            const std::string& where) {
    const HfReader r(Json::parse(json, nullptr, /*allow_exceptions=*/false), where);
    const auto type = r.get<std::string>("model_type", "");
    const bool siglip = type == "siglip";
    if (type == "siglip2")
        throw cli::DataError(where +
                             ": is a SigLIP 2 for images of any shape (NaFlex), which is not "
                             "supported; those of a fixed size are");
    if (type != "clip" && type != "metaclip_2" && !siglip)
        throw cli::DataError(where + ": model_type '" + type +
                             "' is none of clip, metaclip_2 and siglip");
    ModelConfig config;
    config.name = type;
    config.method = siglip ? "siglip" : "clip";
    read_hf_vision(tower(r, "vision_config"), siglip, config.vision);
    const HfReader text = tower(r, "text_config");
    read_hf_text(text, siglip, config.text);
    if (type == "metaclip_2") config.text.pool_type = "eos";  // 2 is its end token
    config.embed_dim = siglip ? text.get<std::int64_t>("projection_size", config.text.width)
                              : r.get<std::int64_t>("projection_dim", 512);
    config.has_logit_bias = siglip;
    config.init_logit_scale = r.get("logit_scale_init_value", config.init_logit_scale);
    config.preprocess =
        read_hf_preprocess(pixels.json, siglip, config.vision.image_size, pixels.file);
    check(config, where);
    return config;
}

ModelConfig parse_hf_owlv2_config(const std::string& json, const HfPixels& given,
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
    if (!given.json.empty()) {
        const HfReader pixels = read_hf_pixels_json(given.json, given.file);
        for (const char* key : {"do_resize", "do_pad"})
            require(pixels, pixels.get(key, true), std::string(key) + ": false is not supported");
        require(pixels, !pixels.get("do_center_crop", false),
                "do_center_crop: true is not supported");
        require(pixels, pixels.get<std::int64_t>("resample", 2) == 2,
                "resample: only 2 (bilinear) is supported");
        const HfSize size = read_hf_size(pixels, "size", false, {false, config.vision.image_size});
        require(
            pixels, !size.is_shortest && size.side == config.vision.image_size,
            "size: is not that of the image tower, " + std::to_string(config.vision.image_size));
        read_hf_scale(pixels, config.preprocess);
    }
    check(config, where);
    config.vision.projection = false;
    return config;
}

}  // namespace lip::model
