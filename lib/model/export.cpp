#include "model/export.h"

#include "cli/error.h"
#include "model/layout.h"
#include "record/file.h"
#include "tensor/pt_file.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

namespace lip::model {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void not_supported(const std::string& library, const std::string& what) {
    throw cli::DataError("the model cannot be exported to " + library +
                         ": the library does not support " + what);
}

bool is_siglip(const ModelConfig& c) {
    return c.vision.pool_type == "map";
}

// open_clip puts text towers that CLIP does not have below "text.".
bool is_custom_text(const ModelConfig& c) {
    return c.text.proj_bias || c.text.no_causal_mask || c.text.pool_type == "last";
}

// The name under which open_clip makes a SigLIP tower; empty if it has none of this shape.
std::string timm_name(const VisionConfig& v) {
    for (const auto& [size, width] : {std::pair("base", 768), std::pair("large", 1024),
                                      std::pair("so400m", 1152), std::pair("giantopt", 1536)}) {
        if (v.width != width) continue;
        const std::string name = "vit_" + std::string(size) + "_patch" +
                                 std::to_string(v.patch_size) + "_siglip_" +
                                 std::to_string(v.image_size);
        // The name must bring back this very configuration.
        const Json model = {{"embed_dim", v.width},
                            {"vision_cfg",
                             {{"image_size", v.image_size},
                              {"timm_model_name", name},
                              {"timm_pool", "map"},
                              {"timm_proj", "none"}}},
                            {"text_cfg", Json::object()}};
        const VisionConfig made = parse_config(model.dump(), name).vision;
        if (made.layers == v.layers && made.head_width == v.head_width &&
            made.hidden() == v.hidden() && made.activation == v.activation)
            return name;
    }
    return {};
}

Json open_clip_config(const ModelConfig& c, const std::optional<text::Clean>& clean) {
    Json json = Json::parse(to_json(c));
    Json& model = json["model_cfg"];
    for (const char* ours : {"name", "method", "init_logit_scale", "dreamlip", "cloc", "flair"})
        model.erase(ours);
    if (!model["quick_gelu"].get<bool>()) model.erase("quick_gelu");
    model["text_cfg"].erase("tokenizer");
    if (clean == text::Clean::kCanonicalize || clean == text::Clean::kWhitespace)
        model["text_cfg"]["tokenizer_kwargs"] = {{"clean", text::name_of(*clean)}};
    if (c.preprocess.resize_mode == "shortest_floor")
        json["preprocess_cfg"]["resize_mode"] = "shortest";
    if (is_siglip(c)) {
        const std::string name = timm_name(c.vision);
        if (name.empty())
            not_supported("open_clip", "a tower of this shape with attention pooling");
        model["custom_text"] = true;
        model["vision_cfg"] = {{"image_size", c.vision.image_size},
                               {"timm_model_name", name},
                               {"timm_model_pretrained", false},
                               {"timm_pool", "map"},
                               {"timm_proj", "none"}};
        return json;
    }
    if (!c.vision.class_token || c.vision.patch_bias || !c.vision.projection)
        not_supported("open_clip",
                      "a vision tower without class token, or with a bias on the patches, but with "
                      "attention pooling");
    if (is_custom_text(c)) model["custom_text"] = true;
    return json;
}

std::string hf_activation(Activation activation) {
    switch (activation) {
        case Activation::kQuickGelu:
            return "quick_gelu";
        case Activation::kGeluTanh:
            return "gelu_pytorch_tanh";
        case Activation::kGelu:
            break;
    }
    return "gelu";
}

const char* dtype_name(at::ScalarType type) {
    return type == at::kHalf ? "float16" : type == at::kBFloat16 ? "bfloat16" : "float32";
}

Json hf_config(const ModelConfig& c, const ExportSettings& settings) {
    const bool siglip = is_siglip(c);
    const VisionConfig& v = c.vision;
    const TextConfig& t = c.text;
    if (v.ls_init_value != 0) not_supported("Hugging Face", "LayerScale");
    if (v.attentional_pool) not_supported("Hugging Face", "the attention pooling of open_clip");
    if (!siglip && (v.pool_type != "tok" || v.no_ln_pre || v.patch_bias || !v.projection))
        not_supported("Hugging Face",
                      "a vision tower of CLIP that is not pooled at the class token (this one: " +
                          v.pool_type + "), or without ln_pre");
    if (siglip != (t.pool_type == "last" && t.no_causal_mask && t.proj_bias))
        not_supported("Hugging Face", "a text tower of this kind with this vision tower");
    if (!siglip && (t.pool_type == "first" || t.no_causal_mask || t.proj_bias))
        not_supported("Hugging Face", "CLIP with such a text tower");
    if (!siglip && t.pool_type == "eos" && t.eos_id == 2)
        not_supported("Hugging Face",
                      "a text tower with the end token at 2, where it would pool at the highest id "
                      "(a model trained with a tokenizer of spm_train --eos_id=3 can be exported; "
                      "this one can be exported to open_clip)");
    const auto tower = [](std::int64_t width, std::int64_t hidden, std::int64_t layers,
                          std::int64_t heads, double eps, Activation activation) {
        return Json{{"hidden_size", width},        {"intermediate_size", hidden},
                    {"num_hidden_layers", layers}, {"num_attention_heads", heads},
                    {"layer_norm_eps", eps},       {"hidden_act", hf_activation(activation)}};
    };
    Json vision = tower(v.width, v.hidden(), v.layers, v.heads(), v.norm_eps, v.activation);
    vision["image_size"] = v.image_size;
    vision["patch_size"] = v.patch_size;
    Json text = tower(t.width, t.hidden(), t.layers, t.heads, t.norm_eps, t.activation);
    text["max_position_embeddings"] = t.context_length;
    text["vocab_size"] = t.vocab_size;
    if (siglip) {
        text["projection_size"] = c.embed_dim;
        text["pad_token_id"] = t.pad_id;
    } else {
        // 2 stands for "the highest id" there.
        text["eos_token_id"] = t.pool_type == "argmax" ? 2 : t.eos_id;
    }
    Json json = {{"architectures", {siglip ? "SiglipModel" : "CLIPModel"}},
                 {"model_type", siglip ? "siglip" : "clip"},
                 {"vision_config", vision},
                 {"text_config", text}};
    if (!siglip) json["projection_dim"] = c.embed_dim;
    if (settings.dtype != at::kFloat) json["torch_dtype"] = dtype_name(settings.dtype);
    return json;
}

Json hf_preprocessor(const ModelConfig& c) {
    if (c.preprocess.resize_mode == "longest")
        not_supported("Hugging Face", "images that are filled up (resize_mode longest)");
    const bool squash = c.preprocess.resize_mode == "squash";
    const std::int64_t side = c.vision.image_size;
    const Json square = {{"height", side}, {"width", side}};
    return {{"image_processor_type", is_siglip(c) ? "SiglipImageProcessor" : "CLIPImageProcessor"},
            {"do_resize", true},
            {"size", squash ? square : Json{{"shortest_edge", side}}},
            {"do_center_crop", !squash},
            {"crop_size", square},
            {"resample", c.preprocess.interpolation == "bilinear" ? 2 : 3},
            {"do_rescale", true},
            {"rescale_factor", 1.0 / 255},
            {"do_normalize", true},
            {"image_mean", c.preprocess.mean},
            {"image_std", c.preprocess.std},
            {"do_convert_rgb", true}};
}

// Scale and bias of the logits stay as they are: a step of bf16 would be 3 % of the factor.
tensor::NamedTensors in_type(tensor::NamedTensors tensors, at::ScalarType type) {
    for (auto& [name, value] : tensors) {
        if (name == "logit_scale" || name == "logit_bias") continue;
        const at::Tensor changed = value.to(type);
        if (!changed.isfinite().all().item<bool>() && value.isfinite().all().item<bool>())
            throw cli::DataError(name + " has values that " + dtype_name(type) +
                                 " cannot hold (--dtype bf16 can)");
        value = changed;
    }
    return tensors;
}

Layout layout_of(const ModelConfig& c, ExportFormat format) {
    if (format == ExportFormat::kHf) return is_siglip(c) ? Layout::kHfSiglip : Layout::kHfClip;
    return is_siglip(c) ? Layout::kTimmSiglip : Layout::kOpenClip;
}

// The weights under the names of the format; what it has no place for comes back in `left`.
tensor::NamedTensors their_tensors(const LanguageImageModel& model, const ExportSettings& settings,
                                   std::vector<std::string>& left) {
    const Layout layout = layout_of(model.config, settings.format);
    const bool whole =
        settings.format == ExportFormat::kPt &&
        (model.config.has_mixture() ||
         ((model.config.regions || model.config.asks_patches()) && !settings.drop_extra));
    tensor::NamedTensors theirs = to_layout(model.parameters.all(), layout, left, whole);
    if (!left.empty() && !settings.drop_extra) {
        std::string names;
        for (const std::string& name : left) names += "\n  " + name;
        throw cli::DataError(
            "the model has tensors that the format cannot hold (--drop-extra leaves them out):" +
            names);
    }
    if (layout == Layout::kOpenClip && is_custom_text(model.config))
        for (auto& [name, value] : theirs)
            if (!name.starts_with("visual.") && !name.starts_with("logit_") && !is_ours_alone(name))
                name = "text." + name;
    return in_type(std::move(theirs), settings.dtype);
}

}  // namespace

void check_can_export(const ModelConfig& config, const ExportSettings& settings) {
    const auto is_quick = [](Activation a) { return a == Activation::kQuickGelu; };
    if (settings.format != ExportFormat::kHf &&
        is_quick(config.vision.activation) != is_quick(config.text.activation))
        not_supported("open_clip", "a QuickGELU in one tower alone (--format hf keeps it)");
    if (!config.has_mixture()) return;
    if (settings.format != ExportFormat::kPt)
        not_supported(settings.format == ExportFormat::kHf ? "Hugging Face" : "open_clip",
                      "the mixture tokens and readout of Llip, without which the model is of "
                      "no use (--format pt keeps them)");
    if (settings.drop_extra)
        throw cli::DataError(
            "--drop-extra: a Llip model is of no use without its mixture tokens and readout (leave "
            "the option out; --format pt keeps them)");
}

std::vector<std::string> export_differences(const ModelConfig& c, const ExportSettings& settings) {
    std::vector<std::string> out;
    if (settings.format == ExportFormat::kPt) return out;
    const bool hf = settings.format == ExportFormat::kHf;
    const std::string library = hf ? "Hugging Face" : "open_clip";
    const std::string& mode = c.preprocess.resize_mode;
    if (mode == (hf ? "shortest" : "shortest_floor"))
        out.push_back(library +
                      " rounds the corner of the centre crop otherwise: some images are moved by a "
                      "pixel");
    using text::Clean;
    if (!settings.clean) return out;
    const Clean clean = *settings.clean;
    const bool is_kept = hf ? clean == Clean::kHuggingFace
                            : clean == Clean::kOpenClip || clean == Clean::kCanonicalize ||
                                  clean == Clean::kWhitespace;
    if (!is_kept)
        out.push_back(library + " cleans texts otherwise than this model (" +
                      std::string(text::name_of(clean)) +
                      "): texts with HTML, mojibake or typographic quotes get other vectors");
    return out;
}

std::vector<std::string> export_model(const std::filesystem::path& folder,
                                      const LanguageImageModel& model,
                                      const ExportSettings& settings) {
    const ModelConfig& c = model.config;
    check_can_export(c, settings);
    const auto write = [&](const char* name, const Json& json) {
        record::write_file((folder / name).string(), json.dump(2) + "\n", true);
    };
    const bool hf = settings.format == ExportFormat::kHf;
    if (hf) {
        write("config.json", hf_config(c, settings));
        write("preprocessor_config.json", hf_preprocessor(c));
    } else {
        write("open_clip_config.json", open_clip_config(c, settings.clean));
    }
    std::vector<std::string> left;
    const char* file = hf ? "model.safetensors" : "open_clip_model.safetensors";
    tensor::write_safetensors((folder / file).string(), their_tensors(model, settings, left),
                              {{"format", "pt"}}, true);
    return left;
}

std::vector<std::string> export_pt(const std::string& file, const LanguageImageModel& model,
                                   const ExportSettings& settings, bool force) {
    check_can_export(model.config, settings);
    std::vector<std::string> left;
    tensor::write_pt(file, their_tensors(model, settings, left), force);
    return left;
}

}  // namespace lip::model
