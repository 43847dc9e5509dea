#include "text/tokenizer_config.h"

#include "cli/error.h"

#include <nlohmann/json.hpp>

#include <type_traits>

namespace lip::text {

namespace {

constexpr char kEnd[] = "</s>";  // unless "eos_token" says otherwise

TokenizerOptions options_of_class(std::string_view name, const std::string& file) {
    if (name == "SiglipTokenizer") return siglip_options();
    if (name.ends_with("Fast")) name.remove_suffix(4);
    if (name == "T5Tokenizer" || name == "MT5Tokenizer")
        return {.clean = Clean::kNone, .begin = false, .pad_id = 0, .end = true, .end_piece = kEnd};
    if (name == "GemmaTokenizer") return {.clean = Clean::kNone, .pad_id = 0};
    if (name == "Siglip2Tokenizer") return {.clean = Clean::kLower, .pad_id = 0};
    if (name == "XLMRobertaTokenizer")
        return {.clean = Clean::kNone, .pad_id = 1, .has_other_ids = true};
    // Any tokenizer.json; the file itself says what it is.
    if (name.empty() || name == "CLIPTokenizer" || name == "PreTrainedTokenizer" ||
        name == "TokenizersBackend")
        return {};
    throw cli::DataError(file + ": \"tokenizer_class\" is " + std::string(name) +
                         ", expected CLIPTokenizer, SiglipTokenizer, T5Tokenizer, GemmaTokenizer, "
                         "Siglip2Tokenizer or XLMRobertaTokenizer");
}

}  // namespace

TokenizerOptions siglip_options() {
    return {.clean = Clean::kSiglip, .begin = false, .pad_id = 1, .end = true, .end_piece = kEnd};
}

TokenizerOptions parse_tokenizer_config(std::string_view json, const std::string& name) {
    // Not simdjson: files of Hugging Face have a length of 10^30, written out.
    const auto root = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
    if (!root.is_object()) throw cli::DataError(name + ": not a JSON object");
    const auto value = [&](const char* key, auto otherwise) {
        const auto found = root.find(key);
        if (found == root.end() || found->is_null()) return otherwise;
        using Value = decltype(otherwise);
        const bool fits = std::is_same_v<Value, bool>          ? found->is_boolean()
                          : std::is_same_v<Value, std::string> ? found->is_string()
                                                               : found->is_number_integer();
        if (!fits) throw cli::DataError(name + ": the value of \"" + key + "\" has the wrong type");
        return found->template get<Value>();
    };
    TokenizerOptions options = options_of_class(value("tokenizer_class", std::string()), name);
    if (!value("do_lower_case", true))
        throw cli::DataError(name + ": \"do_lower_case\" is false, which is not supported");
    if (const std::string clean = value("clean", std::string()); !clean.empty()) {
        options.clean = clean_of(clean);
        if (!options.clean)
            throw cli::DataError(
                name + ": \"clean\" is '" + clean +
                "', expected none, open_clip, canonicalize, siglip, huggingface, whitespace, "
                "lower or spaces");
    }
    if (value("padding_side", std::string("right")) != "right")
        throw cli::DataError(name + ": \"padding_side\" is not right, which is not supported");
    // A name, or an object with the name in it.
    const auto piece = [&](const char* key) -> std::string {
        const auto found = root.find(key);
        if (found == root.end()) return {};
        const bool is_object = found->is_object() && found->contains("content");
        const auto& text = is_object ? (*found)["content"] : *found;
        return text.is_string() ? text.template get<std::string>() : std::string();
    };
    options.begin_piece = piece("bos_token");
    if (std::string end = piece("eos_token"); !end.empty()) options.end_piece = std::move(end);
    options.pad_piece = piece("pad_token");
    if (root.contains("add_eos_token")) options.end = value("add_eos_token", true);
    if (root.contains("add_bos_token")) options.begin = value("add_bos_token", true);
    if (root.contains("pad_token_id")) options.pad_id = value("pad_token_id", std::int32_t{0});
    return options;
}

std::string to_tokenizer_config(const TokenizerOptions& options) {
    std::string out;
    const auto add = [&](std::string_view key, const std::string& value) {
        out += out.empty() ? "{\"" : ", \"";
        out.append(key).append("\": ").append(value);
    };
    if (options.clean) add("clean", '"' + std::string(name_of(*options.clean)) + '"');
    if (options.begin) add("add_bos_token", *options.begin ? "true" : "false");
    if (options.pad_id) add("pad_token_id", std::to_string(*options.pad_id));
    return out.empty() ? out : out + "}\n";
}

}  // namespace lip::text
