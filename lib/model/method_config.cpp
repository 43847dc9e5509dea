#include "model/method_config.h"

#include "model/config_reader.h"

namespace lip::model {
namespace {

void take_within(ConfigReader& r, const char* key, double& value, double least, double most,
                 const std::string& where) {
    r.take(key, value);
    if (!(value >= least && value <= most))
        throw cli::DataError(where + "." + key + ": " + Json(value).dump() + " is not within " +
                             Json(least).dump() + ".." + Json(most).dump());
}

// A number, or a word in its place.
bool take_number_or_word(ConfigReader& r, const Json& json, const char* key, double& number,
                         std::string& word) {
    if (json.contains(key) && json[key].is_string()) {
        r.take(key, word);
        return false;
    }
    r.take(key, number);
    return json.contains(key) && json[key].is_number();
}

}  // namespace

void read_dreamlip(const Json& json, DreamlipConfig& d, const std::string& where) {
    ConfigReader r(json, where);
    r.take_word("positives", d.positives, {"slots", "all", "lse", "sigmoid"});
    r.take("mask_equal_texts", d.mask_equal_texts);
    if (d.mask_equal_texts && d.positives == "sigmoid")
        throw cli::DataError(
            where +
            ".mask_equal_texts: cannot be used with positives=sigmoid, where texts do not compete");
    take_within(r, "global_weight", d.global_weight, 0, 1e6, where);
    take_within(r, "local_weight", d.local_weight, 0, 1e6, where);
    std::string word = "auto";
    const bool number = take_number_or_word(r, json, "local_threshold", d.local_threshold, word);
    if (word != "auto" || (number && !(d.local_threshold >= 0 && d.local_threshold <= 1)))
        throw cli::DataError(where + ".local_threshold: is neither auto nor within 0..1");
    r.take_word("local_norm", d.local_norm, {"minmax", "softmax"});
    r.take("stop_grad_weights", d.stop_grad_weights);
    r.take_word("local_direction", d.local_direction, {"t2g", "g2t", "both"});
    r.take_word("local_negatives", d.local_negatives, {"image", "batch"});
    take_within(r, "local_filter", d.local_filter, 0, 1, where);
    if (d.local_negatives == "batch" && d.local_filter > 0)
        throw cli::DataError(where + ".local_filter: cannot be used with local_negatives=batch");
    if (d.local_negatives == "batch" && d.local_direction == "g2t")
        throw cli::DataError(where + ".local_direction: local_negatives=batch has both directions");
    if (take_number_or_word(r, json, "local_scale", d.fixed_local_scale, d.local_scale)) {
        d.local_scale = "fixed";
        if (!(d.fixed_local_scale > 0 && d.fixed_local_scale <= 1e4))
            throw cli::DataError(where + ".local_scale: is not within 0..10000");
    } else if (d.local_scale != "shared" && d.local_scale != "separate") {
        throw cli::DataError(where + ".local_scale: is neither shared nor separate nor a number");
    }
    r.finish();
}

void read_llip(const Json& json, LlipConfig& l, const std::string& where) {
    ConfigReader r(json, where);
    r.take("mixture_tokens", l.mixture_tokens);
    r.take("heads", l.heads);
    take_within(r, "temperature", l.temperature, 1e-3, 1e6, where);
    r.take("learn_temperature", l.learn_temperature);
    r.take_word("scale", l.scale, {"tau", "tau_sqrt"});
    r.take("layer_norm", l.layer_norm);
    r.take("bias", l.bias);
    r.take("class_token", l.class_token);
    r.take_word("query", l.query, {"pre_projection", "projected", "projected_unit"});
    r.take_word("mixing", l.mixing, {"text", "learned", "average", "first"});
    r.finish();
}

void read_flair(const Json& json, FlairConfig& f, const std::string& where) {
    ConfigReader r(json, where);
    r.take("heads", f.heads);
    r.take_word("negatives", f.negatives, {"drawn", "all"});
    take_within(r, "tcs_weight", f.tcs_weight, 0, 1e6, where);
    take_within(r, "mps_weight", f.mps_weight, 0, 1e6, where);
    r.finish();
}

void read_cloc(const Json& json, ClocConfig& c, const std::string& where) {
    ConfigReader r(json, where);
    r.take_word("tokens", c.tokens, {"patch_ln", "patch_raw", "with_cls"});
    r.take_word("pool", c.pool, {"prompt_only", "gap_all", "roi"});
    r.take("box_tokens", c.box_tokens);
    r.take_word("pe", c.pe, {"sinus", "sinus_2pi", "fourier"});
    r.take("patch_pe", c.patch_pe);
    r.take_word("box_prior", c.box_prior, {"none", "roi"});
    if (c.box_prior == "roi" && c.pool != "prompt_only")
        throw cli::DataError(where + ".box_prior: roi needs pool=prompt_only");
    r.take_word("head_in", c.head_in, {"pooled", "projected"});
    r.take_word("box_out", c.box_out, {"sigmoid", "linear"});
    r.take_word("prompter", c.prompter, {"shared", "separate"});
    r.take_word("region_scale", c.region_scale, {"shared", "own"});
    std::string word = "off";
    const bool number = take_number_or_word(r, json, "filter", c.filter, word);
    if (word != "off" || (number && !(c.filter >= 0 && c.filter <= 1)))
        throw cli::DataError(where + ".filter: is neither off nor within 0..1");
    if (json.contains("filter") && !number) c.filter = -1;
    r.take("filter_centred", c.filter_centred);
    r.take_word("region_mean", c.region_mean, {"valid", "fixed"});
    take_within(r, "weight", c.weight, 0, 1e6, where);
    take_within(r, "grounding_weight", c.grounding_weight, 0, 1e6, where);
    r.take("regions_per_image", c.regions_per_image);
    r.take("context_length", c.context_length);
    r.finish();
}

Json cloc_json(const ClocConfig& c) {
    Json json = {{"tokens", c.tokens},
                 {"pool", c.pool},
                 {"box_tokens", c.box_tokens},
                 {"pe", c.pe},
                 {"patch_pe", c.patch_pe},
                 {"box_prior", c.box_prior},
                 {"head_in", c.head_in},
                 {"box_out", c.box_out},
                 {"prompter", c.prompter},
                 {"region_scale", c.region_scale},
                 {"filter", "off"},
                 {"filter_centred", c.filter_centred},
                 {"region_mean", c.region_mean},
                 {"weight", c.weight},
                 {"grounding_weight", c.grounding_weight},
                 {"regions_per_image", c.regions_per_image},
                 {"context_length", c.context_length}};
    if (c.filter >= 0) json["filter"] = c.filter;
    return json;
}

Json llip_json(const LlipConfig& l) {
    return {{"mixture_tokens", l.mixture_tokens},
            {"heads", l.heads},
            {"temperature", l.temperature},
            {"learn_temperature", l.learn_temperature},
            {"scale", l.scale},
            {"layer_norm", l.layer_norm},
            {"bias", l.bias},
            {"class_token", l.class_token},
            {"query", l.query},
            {"mixing", l.mixing}};
}

Json flair_json(const FlairConfig& f) {
    return {{"heads", f.heads},
            {"negatives", f.negatives},
            {"tcs_weight", f.tcs_weight},
            {"mps_weight", f.mps_weight}};
}

Json dreamlip_json(const DreamlipConfig& d) {
    Json json = {{"positives", d.positives},
                 {"mask_equal_texts", d.mask_equal_texts},
                 {"global_weight", d.global_weight},
                 {"local_weight", d.local_weight},
                 {"local_threshold", "auto"},
                 {"local_norm", d.local_norm},
                 {"stop_grad_weights", d.stop_grad_weights},
                 {"local_direction", d.local_direction},
                 {"local_negatives", d.local_negatives},
                 {"local_filter", d.local_filter},
                 {"local_scale", d.local_scale}};
    if (d.local_threshold >= 0) json["local_threshold"] = d.local_threshold;
    if (d.local_scale == "fixed") json["local_scale"] = d.fixed_local_scale;
    return json;
}

}  // namespace lip::model
