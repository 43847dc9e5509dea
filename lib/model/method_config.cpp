#include "model/method_config.h"

#include "model/config_reader.h"

#include <algorithm>
#include <string_view>

namespace lip::model {
namespace {

// A word of a list.
void take_word(ConfigReader& r, const char* key, std::string& value,
               std::initializer_list<std::string_view> words, const std::string& where) {
    r.take(key, value);
    if (std::find(words.begin(), words.end(), value) != words.end()) return;
    std::string known;
    for (const std::string_view word : words) known.append(known.empty() ? "" : ", ").append(word);
    throw cli::DataError(where + "." + key + ": '" + value + "' is none of " + known);
}

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
    take_word(r, "positives", d.positives, {"slots", "all", "lse", "sigmoid"}, where);
    r.take("mask_equal_texts", d.mask_equal_texts);
    if (d.mask_equal_texts && d.positives == "sigmoid")
        throw cli::DataError(where +
                             ".mask_equal_texts: not with positives=sigmoid, whose pairs do "
                             "not compete");
    take_within(r, "global_weight", d.global_weight, 0, 1e6, where);
    take_within(r, "local_weight", d.local_weight, 0, 1e6, where);
    std::string word = "auto";
    const bool number = take_number_or_word(r, json, "local_threshold", d.local_threshold, word);
    if (word != "auto" || (number && !(d.local_threshold >= 0 && d.local_threshold <= 1)))
        throw cli::DataError(where + ".local_threshold: is neither auto nor within 0..1");
    take_word(r, "local_norm", d.local_norm, {"minmax", "softmax"}, where);
    r.take("stop_grad_weights", d.stop_grad_weights);
    take_word(r, "local_direction", d.local_direction, {"t2g", "g2t", "both"}, where);
    take_within(r, "local_filter", d.local_filter, 0, 1, where);
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
    take_word(r, "scale", l.scale, {"tau", "tau_sqrt"}, where);
    r.take("layer_norm", l.layer_norm);
    r.take("bias", l.bias);
    r.take("class_token", l.class_token);
    take_word(r, "query", l.query, {"pre_projection", "projected", "projected_unit"}, where);
    take_word(r, "mixing", l.mixing, {"text", "learned", "average", "first"}, where);
    r.finish();
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

Json dreamlip_json(const DreamlipConfig& d) {
    Json json = {{"positives", d.positives},
                 {"mask_equal_texts", d.mask_equal_texts},
                 {"global_weight", d.global_weight},
                 {"local_weight", d.local_weight},
                 {"local_threshold", "auto"},
                 {"local_norm", d.local_norm},
                 {"stop_grad_weights", d.stop_grad_weights},
                 {"local_direction", d.local_direction},
                 {"local_filter", d.local_filter},
                 {"local_scale", d.local_scale}};
    if (d.local_threshold >= 0) json["local_threshold"] = d.local_threshold;
    if (d.local_scale == "fixed") json["local_scale"] = d.fixed_local_scale;
    return json;
}

}  // namespace lip::model
