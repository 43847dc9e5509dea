#include "cmd/checkpoint/checkpoint.h"
#include "detect/owlv2_checkpoint.h"

#include "cli/error.h"
#include "cli/log.h"
#include "model/checkpoint.h"
#include "model/method_config.h"
#include "record/file.h"
#include "record/object.h"
#include "tensor/device.h"
#include "text/tokenizer.h"
#include "train/run_folder.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <map>

namespace lip::cmd {
namespace {

namespace fs = std::filesystem;

struct Content {
    fs::path folder;
    model::ModelConfig config;
    tensor::NamedTensors tensors;
};

std::string score(double value) {
    std::string out;
    record::append_score(out, value);
    return out;
}

// Numbers in tensors whose name begins with `prefix`, or does not.
std::int64_t count(const Content& content, const std::string& prefix, bool begins = true) {
    std::int64_t n = 0;
    for (const auto& [name, tensor] : content.tensors)
        if (name.starts_with(prefix) == begins) n += tensor.numel();
    return n;
}

double scalar(const Content& content, const std::string& name) {
    for (const auto& [other, tensor] : content.tensors)
        if (other == name) return tensor.to(at::kDouble).item<double>();
    return NAN;
}

void add_shapes(record::Object& facts, const model::ModelConfig& c) {
    const auto number = [](std::int64_t n) { return std::to_string(n); };
    facts.set("embed_dim", number(c.embed_dim));
    facts.set("image_size", number(c.vision.image_size));
    facts.set("patch_size", number(c.vision.patch_size));
    facts.set("vision_layers", number(c.vision.layers));
    facts.set("vision_width", number(c.vision.width));
    facts.set("vision_heads", number(c.vision.heads()));
    // Behind the tower of a Llip model nothing is pooled: its mixture tokens are read.
    facts.set_text("vision_pool", c.has_mixture() ? "mixture" : c.vision.pool_type);
    facts.set("context_length", number(c.text.context_length));
    facts.set("vocab_size", number(c.text.vocab_size));
    facts.set("text_layers", number(c.text.layers));
    facts.set("text_width", number(c.text.width));
    facts.set("text_heads", number(c.text.heads));
    facts.set_text("text_pool", c.text.pool_type);
}

std::string_view name_of(model::Activation activation) {
    switch (activation) {
        case model::Activation::kGelu:
            return "gelu";
        case model::Activation::kQuickGelu:
            return "quick_gelu";
        case model::Activation::kGeluTanh:
            return "gelu_tanh";
    }
    return {};
}

// What becomes of pictures and texts before the towers see them.
void add_rules(record::Object& facts, const Content& content) {
    const model::ModelConfig& c = content.config;
    const auto tokenizer = text::load_tokenizer(content.folder.string());
    facts.set_text("vision_activation", std::string(name_of(c.vision.activation)));
    facts.set_text("text_activation", std::string(name_of(c.text.activation)));
    facts.set_text("tokenizer", tokenizer->kind());
    facts.set_text("clean", std::string(text::name_of(tokenizer->clean())));
    facts.set_text("resize_mode", c.preprocess.resize_mode);
    facts.set_text("interpolation", c.preprocess.interpolation);
    facts.set("mean", nlohmann::json(c.preprocess.mean).dump());
    facts.set("std", nlohmann::json(c.preprocess.std).dump());
    if (c.preprocess.resize_mode == "longest")
        facts.set("fill_color", nlohmann::json(c.preprocess.fill_color).dump());
}

// The settings by the names that --set has; a learnt temperature is the one it has now.
std::string llip_facts(const Content& content) {
    nlohmann::ordered_json json = model::llip_json(content.config.llip);
    if (content.config.llip.learn_temperature && content.config.llip.has_keys())
        json["temperature"] = std::exp(scalar(content, "readout.log_temperature"));
    return json.dump();
}

// Batches with a text an image: what the towers cost, and the scores of all pairs.
constexpr std::int64_t kBatches[] = {64, 256, 1024, 4096, 16384, 32768};

std::string batches_json(const model::LanguageImageModel& model, double text_flops) {
    std::string out = "[";
    for (const std::int64_t batch : kBatches) {
        const auto n = static_cast<double>(batch);
        if (out.size() > 1) out += ',';
        out += "{\"batch\":" + std::to_string(batch);
        out += ",\"images\":" + score(n * model.image_flops() / 1e9);
        out += ",\"texts\":" + score(n * text_flops / 1e9);
        out += ",\"pairs\":" + score(model.pair_flops(n, n) / 1e9) + "}";
    }
    return out + "]";
}

// How the weights came to be, where that is known.
void add_history(record::Object& facts, const fs::path& folder) {
    if (fs::is_regular_file(folder / "state.json")) {
        const train::RunState state = train::read_state(folder);
        facts.set("step", std::to_string(state.step));
        facts.set("samples", std::to_string(state.samples));
    }
    if (const fs::path file = folder / "provenance.json"; fs::is_regular_file(file)) {
        const auto json =
            nlohmann::ordered_json::parse(record::read_file(file.string(), 1 << 24), nullptr,
                                          /*allow_exceptions=*/false);
        if (json.is_discarded()) throw cli::DataError(file.string() + ": is not JSON");
        facts.set("provenance", json.dump());
    }
}

const char* truth(bool value) {
    return value ? "true" : "false";
}

record::Object facts_of(const Content& content, const model::LanguageImageModel& model) {
    record::Object facts;
    facts.set_text("path", content.folder.string());
    facts.set_text("arch", content.config.name);
    facts.set_text("method", content.config.method);
    const std::int64_t all = count(content, ""), vision = count(content, "visual.");
    facts.set("parameters", std::to_string(all));
    facts.set("vision_parameters", std::to_string(vision));
    const std::int64_t readout = count(content, "readout."),
                       prompter = count(content, "prompter.") + count(content, "box_head.");
    facts.set("text_parameters",
              std::to_string(all - vision - readout - prompter - count(content, "logit_")));
    if (readout > 0) facts.set("readout_parameters", std::to_string(readout));
    if (prompter > 0) facts.set("prompter_parameters", std::to_string(prompter));
    add_shapes(facts, content.config);
    add_rules(facts, content);
    if (content.config.has_mixture()) facts.set("llip", llip_facts(content));
    if (content.config.asks_patches())
        facts.set("flair", model::flair_json(content.config.flair).dump());
    if (content.config.regions) facts.set("cloc", model::cloc_json(content.config.cloc).dump());
    if (const model::LoraConfig& lora = content.config.lora; lora.any())
        facts.set("lora",
                  "{\"rank\":" + std::to_string(lora.rank) + ",\"alpha\":" + score(lora.alpha) +
                      ",\"vision\":" + truth(lora.vision) + ",\"text\":" + truth(lora.text) + "}");
    facts.set("logit_scale", score(std::exp(scalar(content, "logit_scale"))));
    if (content.config.has_logit_bias)
        facts.set("logit_bias", score(scalar(content, "logit_bias")));
    facts.set("gflops_image", score(model.image_flops() / 1e9));
    const double text_flops = model.text_flops(content.config.text.context_length);
    facts.set("gflops_text", score(text_flops / 1e9));
    if (content.config.is_text_conditioned()) {
        facts.set("mflops_pair", score((model.pair_flops(1, 2) - model.pair_flops(1, 1)) / 1e6));
        facts.set("gflops_batches", batches_json(model, text_flops));
    }
    add_history(facts, content.folder);
    return facts;
}

// A detector: the towers as they are, and the heads.
record::Object detector_facts(const Content& content) {
    record::Object facts;
    facts.set_text("path", content.folder.string());
    facts.set_text("arch", content.config.name);
    facts.set_text("detector", "owlv2");
    const std::int64_t all = count(content, ""), vision = count(content, "visual.");
    const std::int64_t heads = count(content, "layer_norm.") + count(content, "class_head.") +
                               count(content, "box_head.") + count(content, "objectness_head.");
    facts.set("parameters", std::to_string(all));
    facts.set("vision_parameters", std::to_string(vision));
    facts.set("text_parameters", std::to_string(all - vision - heads));
    facts.set("head_parameters", std::to_string(heads));
    add_shapes(facts, content.config);
    facts.set_text("tokenizer", text::load_tokenizer(content.folder.string())->kind());
    add_history(facts, content.folder);
    return facts;
}

std::string shape_text(const at::Tensor& tensor) {
    std::string out = "[";
    for (const std::int64_t side : tensor.sizes()) {
        if (out.size() > 1) out += ',';
        out += std::to_string(side);
    }
    return out + "]";
}

std::string type_text(at::ScalarType type) {
    switch (type) {
        case at::kFloat:
            return "f32";
        case at::kHalf:
            return "f16";
        case at::kBFloat16:
            return "bf16";
        case at::kDouble:
            return "f64";
        default:
            return c10::toString(type);
    }
}

// As the JSON number, or null where it is not finite.
std::string norm_text(const at::Tensor& tensor) {
    const double norm = tensor.to(at::kDouble).norm().item<double>();
    return std::isfinite(norm) ? score(norm) : "null";
}

std::string as_json(const record::Object& facts, const Content& content, bool tensors) {
    record::Object all = facts;
    if (tensors) {
        std::string list = "[";
        for (const auto& [name, tensor] : content.tensors) {
            if (list.size() > 1) list += ',';
            list += "{\"name\":";
            cli::append_json_string(list, name);
            list += ",\"shape\":" + shape_text(tensor) + ",\"type\":\"" +
                    type_text(tensor.scalar_type()) + "\",\"norm\":" + norm_text(tensor) + "}";
        }
        all.set("tensors", list + "]");
    }
    std::string out;
    all.append_json(out);
    return out + "\n";
}

// A list of objects with the same fields: a line with their names, then one for each object.
void append_table(std::string& out, const record::Object::Field& field) {
    std::string names = field.name, lines;
    for (const auto& row : nlohmann::ordered_json::parse(field.raw)) {
        const bool is_first = lines.empty();
        lines += field.name;
        for (const auto& [name, value] : row.items()) {
            if (is_first) names += "\t" + name;
            lines += "\t" + (value.is_number_integer() ? value.dump() : score(value));
        }
        lines += "\n";
    }
    out += names + "\n" + lines;
}

// An object: a line a field, llip.heads.
void append_settings(std::string& out, const record::Object::Field& field) {
    const auto settings = nlohmann::ordered_json::parse(field.raw);
    for (const auto& [name, value] : settings.items())
        out += field.name + "." + name + "\t" +
               (value.is_string()         ? value.get<std::string>()
                : value.is_number_float() ? score(value.get<double>())
                                          : value.dump()) +
               "\n";
}

std::string as_text(const record::Object& facts, const Content& content, bool tensors) {
    std::string out;
    for (const record::Object::Field& field : facts.fields) {
        if (field.name == "gflops_batches") {
            append_table(out, field);
            continue;
        }
        if (field.name == "llip" || field.name == "flair" || field.name == "cloc") {
            append_settings(out, field);
            continue;
        }
        std::string value;
        if (!record::read_text(field.raw, value)) value = field.raw;
        out += field.name + "\t" + value + "\n";
    }
    if (!tensors) return out;
    for (const auto& [name, tensor] : content.tensors)
        out += name + "\t" + shape_text(tensor) + "\t" + type_text(tensor.scalar_type()) + "\t" +
               norm_text(tensor) + "\n";
    return out;
}

// Both read the weights and check that they belong to the configuration.
record::Object read_model(Content& content, const std::string& weights) {
    content.tensors = tensor::read_safetensors(weights);
    model::LanguageImageModel model(content.config, /*seed=*/std::nullopt);
    model.parameters.take(content.tensors, weights);
    return facts_of(content, model);
}

record::Object read_detector(Content& content) {
    const detect::LoadedOwlv2 loaded = detect::load_owlv2(content.folder, at::kCPU);
    for (const auto& [name, value] : loaded.model->parameters.all())
        content.tensors.emplace_back(name, value.detach());
    return detector_facts(content);
}

}  // namespace

int checkpoint_info(const CheckpointOptions& options) {
    record::check_can_write(options.common.output, options.common.force);
    Content content;
    content.folder = model::find_checkpoint(options.paths.front());
    const bool is_detector = model::is_detector(content.folder);
    content.config = is_detector ? detect::read_owlv2_config(content.folder)
                                 : model::read_config(content.folder);
    const std::string weights = (content.folder / "model.safetensors").string();
    if (options.common.dry_run) {
        cli::info("would read " + weights);
        return cli::kDone;
    }
    tensor::configure_process(options.common.thread_count(), /*deterministic=*/false);
    const record::Object facts =
        is_detector ? read_detector(content) : read_model(content, weights);
    record::write_file(options.common.output,
                       options.format == "json" || options.json
                           ? as_json(facts, content, options.tensors)
                           : as_text(facts, content, options.tensors),
                       options.common.force);
    return cli::kDone;
}

}  // namespace lip::cmd
