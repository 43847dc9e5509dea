// Configurations as JSON, in open_clip's schema.
#include "cli/error.h"
#include "model/config_reader.h"
#include "model/method_config.h"

#include <nlohmann/json.hpp>

#include <regex>

namespace lip::model {
namespace {

// `quick_gelu`: of both towers, unless one has its own.
void read_activation(ConfigReader& r, bool quick_gelu, const std::string& where,
                     Activation& activation) {
    std::string approximate = "none";
    r.take("quick_gelu", quick_gelu);
    r.take_below("act_kwargs", "approximate", approximate);
    if (approximate != "none" && approximate != "tanh")
        throw cli::DataError(where + ".act_kwargs.approximate: is neither none nor tanh");
    activation = quick_gelu              ? Activation::kQuickGelu
                 : approximate == "tanh" ? Activation::kGeluTanh
                                         : Activation::kGelu;
}

// SigLIP's vision towers have names of another library in open_clip's files.
struct SiglipTower {
    std::string_view size;
    std::int64_t width, layers, heads;
    double mlp_ratio;
};
constexpr SiglipTower kSiglipTowers[] = {
    {"base", 768, 12, 12, 4},
    {"large", 1024, 24, 16, 4},
    {"so400m", 1152, 27, 16, 3.7362},
    {"giantopt", 1536, 40, 16, 4},
};

// vit_SIZE_patchP_siglip_S, as open_clip's files name SigLIP's towers.
void read_siglip(const std::string& name, VisionConfig& vision, const std::string& where) {
    static const std::regex form("vit_([a-z0-9]+)_patch([0-9]+)_siglip_([0-9]+)");
    std::smatch found;
    if (std::regex_match(name, found, form))
        for (const SiglipTower& tower : kSiglipTowers) {
            if (found[1].str() != tower.size) continue;
            vision.width = tower.width;
            vision.layers = tower.layers;
            vision.head_width = tower.width / tower.heads;
            vision.mlp_ratio = tower.mlp_ratio;
            vision.patch_size = std::stoll(found[2]);
            vision.pool_type = "map";
            vision.no_ln_pre = vision.patch_bias = true;
            vision.class_token = vision.projection = false;
            vision.norm_eps = 1e-6;
            const bool tanh =
                name == "vit_base_patch32_siglip_256" || name == "vit_large_patch16_siglip_512" ||
                name.starts_with("vit_so400m_patch16") || found[1].str() == "giantopt";
            vision.activation = tanh ? Activation::kGeluTanh : Activation::kGelu;
            return;
        }
    throw cli::DataError(where + ".timm_model_name: the image tower is timm's " + name +
                         ", which is not supported (plain ViTs and SigLIP's are)");
}

void read_vision(const Json& json, bool quick_gelu, VisionConfig& vision,
                 const std::string& where) {
    ConfigReader r(json, where + ".vision_cfg");
    r.take_side("image_size", vision.image_size);
    std::string timm;
    r.take("timm_model_name", timm);
    if (!timm.empty()) {
        read_siglip(timm, vision, where + ".vision_cfg");
        r.expect("timm_pool", "map");
        r.expect("timm_proj", "none");
        r.ignore({"timm_model_pretrained", "timm_drop", "timm_drop_path"});
        r.finish();
        return;
    }
    r.take_side("patch_size", vision.patch_size);
    r.take("layers", vision.layers);
    r.take("width", vision.width);
    r.take("head_width", vision.head_width);
    r.take("mlp_ratio", vision.mlp_ratio);
    r.take("pool_type", vision.pool_type);
    r.take("no_ln_pre", vision.no_ln_pre);
    r.take("final_ln_after_pool", vision.final_ln_after_pool);
    r.take("ls_init_value", vision.ls_init_value);
    r.take("class_token", vision.class_token);
    r.take("patch_bias", vision.patch_bias);
    r.take("projection", vision.projection);
    r.take_below("norm_kwargs", "eps", vision.norm_eps);
    read_activation(r, quick_gelu, where + ".vision_cfg", vision.activation);
    r.take_flag("attentional_pool", vision.attentional_pool);
    r.take("attn_pooler_queries", vision.attn_pooler_queries);
    r.take("attn_pooler_heads", vision.attn_pooler_heads);
    r.expect("pos_embed_type", "learnable");
    r.ignore({"patch_dropout", "output_tokens"});
    r.finish();
}

void read_text(const Json& json, bool quick_gelu, TextConfig& text, const std::string& where) {
    ConfigReader r(json, where + ".text_cfg");
    r.take("context_length", text.context_length);
    r.take("vocab_size", text.vocab_size);
    r.take("layers", text.layers);
    r.take("width", text.width);
    r.take("heads", text.heads);
    r.take("mlp_ratio", text.mlp_ratio);
    r.take("pool_type", text.pool_type);
    r.take("eos_id", text.eos_id);
    r.take("pad_id", text.pad_id);
    r.take("no_causal_mask", text.no_causal_mask);
    r.take("proj_bias", text.proj_bias);
    r.take_below("norm_kwargs", "eps", text.norm_eps);
    read_activation(r, quick_gelu, where + ".text_cfg", text.activation);
    r.take("tokenizer", text.tokenizer);
    r.expect("embed_cls", false);
    r.expect("use_pad_mask", false);
    r.expect("proj_type", "linear");
    std::string hf_tokenizer;
    r.take("hf_tokenizer_name", hf_tokenizer);
    text.has_hf_tokenizer = !hf_tokenizer.empty();
    text.clean = text.has_hf_tokenizer ? "whitespace" : "lower";
    if (r.has("tokenizer_kwargs") && !json["tokenizer_kwargs"].is_null()) {
        const Json given = r.child("tokenizer_kwargs");
        ConfigReader kwargs(given, where + ".text_cfg.tokenizer_kwargs");
        kwargs.take_word("clean", text.clean, {"lower", "whitespace", "canonicalize"});
        kwargs.expect("strip_sep_token", false);
        kwargs.finish();
    }
    r.ignore({"output_tokens"});
    r.finish();
}

}  // namespace

namespace {

// Kinds of models that are told by one key, in words.
void refuse_other_kinds(const Json& model, const std::string& where) {
    const auto has = [&](const char* tower, const char* key) {
        return model.contains(tower) && model[tower].is_object() && model[tower].contains(key) &&
               !model[tower][key].is_null();
    };
    const auto name = [&](const char* tower, const char* key) {
        const Json& value = model[tower][key];
        return value.is_string() ? value.get<std::string>() : value.dump();
    };
    if (has("vision_cfg", "layers") && model["vision_cfg"]["layers"].is_array())
        throw cli::DataError(where +
                             ": the image tower is a ResNet, which is not supported (ViTs are)");
    if (has("text_cfg", "hf_model_name"))
        throw cli::DataError(where + ": the text tower is Hugging Face's " +
                             name("text_cfg", "hf_model_name") +
                             ", which is not supported (CLIP's and SigLIP's text towers are)");
    if (model.contains("multimodal_cfg"))
        throw cli::DataError(where +
                             ": is a CoCa model, whose text tower and decoder are not supported");
}

// A number for all three channels, or a list of three.
image::Rgb read_colour(const Json& value, const std::string& where) {
    const auto is_level = [](const Json& v) {
        return v.is_number_integer() && v.get<std::int64_t>() >= 0 && v.get<std::int64_t>() <= 255;
    };
    if (is_level(value)) {
        const auto level = value.get<std::uint8_t>();
        return {level, level, level};
    }
    if (value.is_array() && value.size() == 3 && std::ranges::all_of(value, is_level))
        return value.get<image::Rgb>();
    throw cli::DataError(where + ": " + value.dump() + " is neither 0..255 nor a list of three");
}

void read_lora(const Json& json, LoraConfig& lora, const std::string& where) {
    ConfigReader r(json, where);
    r.take("rank", lora.rank);
    r.take("alpha", lora.alpha);
    r.take("vision", lora.vision);
    r.take("text", lora.text);
    r.finish();
    constexpr std::int64_t kMostRank = 65536;
    if (lora.rank < 1 || lora.rank > kMostRank || !(lora.alpha > 0))
        throw cli::DataError(where + ": rank and alpha must be positive");
}

void read_preprocess(const Json& json, PreprocessConfig& preprocess, const std::string& where) {
    ConfigReader p(json, where);
    p.take("mean", preprocess.mean);
    p.take("std", preprocess.std);
    p.take("interpolation", preprocess.interpolation);
    p.take("resize_mode", preprocess.resize_mode);
    if (p.has("fill_color"))
        preprocess.fill_color = read_colour(p.child("fill_color"), where + ".fill_color");
    p.expect("mode", "RGB");
    p.ignore({"size"});  // the image tower's counts, as in open_clip
    p.finish();
}

}  // namespace

ModelConfig parse_config(const std::string& text, const std::string& where) {
    const Json root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!root.is_object()) throw cli::DataError(where + ": is not a JSON object");
    ModelConfig config;
    const bool wrapped = root.contains("model_cfg");
    const Json model = wrapped ? root["model_cfg"] : root;
    if (model.is_object()) refuse_other_kinds(model, where);
    ConfigReader r(model, where);
    r.take("name", config.name);
    r.take("embed_dim", config.embed_dim);
    bool quick_gelu = false;
    r.take("quick_gelu", quick_gelu);
    r.ignore({"custom_text"});
    r.take("init_logit_scale", config.init_logit_scale);
    config.has_logit_bias = r.has("init_logit_bias") && !model["init_logit_bias"].is_null();
    r.take("init_logit_bias", config.init_logit_bias);
    r.take("method", config.method);
    if (r.has("dreamlip")) read_dreamlip(r.child("dreamlip"), config.dreamlip, where + ".dreamlip");
    if (r.has("llip")) read_llip(r.child("llip"), config.llip, where + ".llip");
    if (r.has("flair")) read_flair(r.child("flair"), config.flair, where + ".flair");
    config.regions = r.has("cloc");
    if (config.regions) read_cloc(r.child("cloc"), config.cloc, where + ".cloc");
    if (r.has("lora")) read_lora(r.child("lora"), config.lora, where + ".lora");
    read_vision(r.child("vision_cfg"), quick_gelu, config.vision, where);
    read_text(r.child("text_cfg"), quick_gelu, config.text, where);
    r.finish();
    if (wrapped && root.contains("preprocess_cfg"))
        read_preprocess(root["preprocess_cfg"], config.preprocess, where + ".preprocess_cfg");
    check(config, where);
    return config;
}

namespace {

// Adds what differs from open_clip's defaults, so that plain models have plain files.
template <class T>
void add_unless(Json& json, const char* key, const T& value, const T& standard) {
    if (value != standard) json[key] = value;
}

void add_style(Json& json, double norm_eps, Activation activation) {
    if (norm_eps != 1e-5) json["norm_kwargs"] = {{"eps", norm_eps}};
    if (activation == Activation::kGeluTanh) json["act_kwargs"] = {{"approximate", "tanh"}};
}

Json vision_json(const VisionConfig& v) {
    Json json = {{"image_size", v.image_size}, {"patch_size", v.patch_size},
                 {"layers", v.layers},         {"width", v.width},
                 {"head_width", v.head_width}, {"mlp_ratio", v.mlp_ratio},
                 {"pool_type", v.pool_type},   {"no_ln_pre", v.no_ln_pre}};
    add_unless(json, "final_ln_after_pool", v.final_ln_after_pool, false);
    add_unless(json, "ls_init_value", v.ls_init_value, 0.0);
    add_unless(json, "class_token", v.class_token, true);
    add_unless(json, "patch_bias", v.patch_bias, false);
    add_unless(json, "projection", v.projection, true);
    if (v.attentional_pool) {
        json["attentional_pool"] = true;
        json["attn_pooler_queries"] = v.attn_pooler_queries;
        json["attn_pooler_heads"] = v.attn_pooler_heads;
    }
    add_style(json, v.norm_eps, v.activation);
    return json;
}

Json text_json(const TextConfig& t) {
    Json json = {{"context_length", t.context_length},
                 {"vocab_size", t.vocab_size},
                 {"layers", t.layers},
                 {"width", t.width},
                 {"heads", t.heads},
                 {"mlp_ratio", t.mlp_ratio},
                 {"pool_type", t.pool_type},
                 {"eos_id", t.eos_id},
                 {"tokenizer", t.tokenizer}};
    add_unless(json, "pad_id", t.pad_id, std::int64_t{0});
    add_unless(json, "no_causal_mask", t.no_causal_mask, false);
    add_unless(json, "proj_bias", t.proj_bias, false);
    add_style(json, t.norm_eps, t.activation);
    return json;
}

}  // namespace

std::string to_json(const ModelConfig& c) {
    Json model = {
        {"name", c.name},
        {"method", c.method},
        {"embed_dim", c.embed_dim},
        {"quick_gelu", c.vision.activation == Activation::kQuickGelu},
        {"init_logit_scale", c.init_logit_scale},
    };
    if (c.has_logit_bias) model["init_logit_bias"] = c.init_logit_bias;
    if (c.method == "dreamlip") model["dreamlip"] = dreamlip_json(c.dreamlip);
    if (c.has_mixture()) model["llip"] = llip_json(c.llip);
    if (c.asks_patches()) model["flair"] = flair_json(c.flair);
    if (c.regions) model["cloc"] = cloc_json(c.cloc);
    if (c.lora.any())
        model["lora"] = {{"rank", c.lora.rank},
                         {"alpha", c.lora.alpha},
                         {"vision", c.lora.vision},
                         {"text", c.lora.text}};
    model["vision_cfg"] = vision_json(c.vision);
    model["text_cfg"] = text_json(c.text);
    // open_clip has one activation for both towers.
    const bool quick = c.vision.activation == Activation::kQuickGelu;
    if ((c.text.activation == Activation::kQuickGelu) != quick)
        model["text_cfg"]["quick_gelu"] = !quick;
    Json preprocess = {{"mean", c.preprocess.mean},
                       {"std", c.preprocess.std},
                       {"interpolation", c.preprocess.interpolation},
                       {"resize_mode", c.preprocess.resize_mode}};
    add_unless(preprocess, "fill_color", c.preprocess.fill_color, image::Rgb{0, 0, 0});
    const Json root = {{"model_cfg", model}, {"preprocess_cfg", preprocess}};
    return root.dump(2) + "\n";
}

void apply_setting(ModelConfig& config, const std::string& setting) {
    const std::size_t dot = setting.find('.'), equals = setting.find('=');
    if (dot == setting.npos || equals == setting.npos || equals < dot)
        throw cli::UsageError("--set: '" + setting + "' is not BLOCK.KEY=VALUE");
    const std::string block = setting.substr(0, dot);
    if (block != config.method && !(block == "cloc" && config.regions))
        throw cli::UsageError("--set: '" + block + "' is not a block of --method " + config.method +
                              (block == "cloc" ? " without --regions" : ""));
    const std::string text = setting.substr(equals + 1);
    if (const std::size_t comma = text.find(','); text.find('=', comma) != text.npos)
        throw cli::UsageError(
            "--set: '" + setting +
            "' has a second setting after the comma (give each its own --set: --set " +
            setting.substr(0, equals + 1 + comma) + " --set " + text.substr(comma + 1) + ")");
    Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!value.is_number() && !value.is_boolean()) value = text;
    Json root = Json::parse(to_json(config));
    if (!root["model_cfg"].contains(block))
        throw cli::UsageError("--set: --method " + config.method + " has no settings");
    root["model_cfg"][block][setting.substr(dot + 1, equals - dot - 1)] = value;
    try {
        config = parse_config(root.dump(), "--set");
    } catch (const cli::DataError& problem) {
        std::string said = problem.what();  // "--set.cloc.pool: .."
        if (said.starts_with("--set.")) said[5] = ' ';
        throw cli::UsageError(said);
    }
}

}  // namespace lip::model
