// Hugging Face's configurations of CLIPModel, SiglipModel and Owlv2ForObjectDetection.
#include "model/hf_reader.h"

namespace lip::model {
namespace {

// Keys of models and towers that are read, or change no vector.
constexpr std::string_view kRead[] = {"model_type",
                                      "text_config",
                                      "vision_config",
                                      "text_config_dict",
                                      "vision_config_dict",
                                      "projection_dim",
                                      "projection_size",
                                      "logit_scale_init_value",
                                      "hidden_size",
                                      "intermediate_size",
                                      "num_hidden_layers",
                                      "num_attention_heads",
                                      "num_channels",
                                      "image_size",
                                      "patch_size",
                                      "hidden_act",
                                      "layer_norm_eps",
                                      "vocab_size",
                                      "max_position_embeddings",
                                      "eos_token_id",
                                      "vision_use_head",
                                      "pruned_heads"};
constexpr std::string_view kOfTraining[] = {"attention_dropout",
                                            "dropout",
                                            "initializer_range",
                                            "initializer_factor",
                                            "gradient_checkpointing",
                                            "architectures",
                                            "auto_map",
                                            "transformers_version",
                                            "torch_dtype",
                                            "dtype",
                                            "use_bfloat16",
                                            "torchscript",
                                            "_name_or_path",
                                            "_commit_hash",
                                            "_attn_implementation",
                                            "_attn_implementation_autoset",
                                            "attn_implementation",
                                            "return_dict",
                                            "output_attentions",
                                            "output_hidden_states",
                                            "output_scores",
                                            "bos_token_id",
                                            "pad_token_id",
                                            "sep_token_id",
                                            "tokenizer_class",
                                            "prefix",
                                            "id2label",
                                            "label2id",
                                            "num_labels",
                                            "problem_type",
                                            "finetuning_task",
                                            "task_specific_params",
                                            "is_decoder",
                                            "is_encoder_decoder",
                                            "is_composition",
                                            "add_cross_attention",
                                            "cross_attention_hidden_size",
                                            "tie_encoder_decoder",
                                            "tie_word_embeddings",
                                            "tf_legacy_loss",
                                            "chunk_size_feed_forward",
                                            "use_cache",
                                            "base_model_tp_plan",
                                            "base_model_pp_plan"};
// Of texts that are generated; libraries of before wrote them into every file.
constexpr std::string_view kOfGeneration[] = {"bad_words_ids",
                                              "begin_suppress_tokens",
                                              "decoder_start_token_id",
                                              "diversity_penalty",
                                              "do_sample",
                                              "early_stopping",
                                              "encoder_no_repeat_ngram_size",
                                              "exponential_decay_length_penalty",
                                              "forced_bos_token_id",
                                              "forced_eos_token_id",
                                              "length_penalty",
                                              "max_length",
                                              "min_length",
                                              "no_repeat_ngram_size",
                                              "num_beam_groups",
                                              "num_beams",
                                              "num_return_sequences",
                                              "remove_invalid_values",
                                              "repetition_penalty",
                                              "return_dict_in_generate",
                                              "suppress_tokens",
                                              "temperature",
                                              "top_k",
                                              "top_p",
                                              "typical_p"};

void check_keys(const HfReader& r) {
    refuse_unknown(r, {kRead, kOfTraining, kOfGeneration}, "vectors");
    if (r.has("pruned_heads") && !r["pruned_heads"].empty())
        throw cli::DataError(r.where() + ".pruned_heads: is not supported");
}

// The part of a tower. Where older files have a "…_config_dict" too, that is the whole of it, as in
// the library.
HfReader tower(const HfReader& r, const char* name) {
    const std::string other = std::string(name) + "_dict";
    HfReader part = r.child(r.has(other.c_str()) ? other.c_str() : name);
    check_keys(part);
    return part;
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
    if (r.get<std::int64_t>("num_channels", 3) != 3)
        throw cli::DataError(r.where() + ".num_channels: only images of 3 channels are supported");
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
    check_keys(r);
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
    config.preprocess = read_hf_pixels(pixels, siglip, config.vision.image_size);
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
    check_keys(r);
    const HfReader vision = tower(r, "vision_config"), text = tower(r, "text_config");
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
    if (!given.json.empty())
        read_hf_owlv2_pixels(given, config.vision.image_size, config.preprocess);
    check(config, where);
    config.vision.projection = false;
    return config;
}

}  // namespace lip::model
