// checkpoint import and export.
#include "cli/error.h"
#include "cli/log.h"
#include "cli/values.h"
#include "cmd/checkpoint/checkpoint.h"
#include "detect/owlv2_checkpoint.h"
#include "model/checkpoint.h"
#include "model/export.h"
#include "model/foreign.h"
#include "record/file.h"
#include "tensor/device.h"
#include "text/tokenizer_config.h"

#include <ATen/ATen.h>

namespace lip::cmd {
namespace {

namespace fs = std::filesystem;

// A tokenizer_config.json that we wrote, or any with the key.
bool says_clean(const fs::path& folder) {
    const fs::path own = folder / text::kTokenizerConfigFile;
    return fs::exists(own) &&
           record::read_file(own.string(), 1 << 20).find("\"clean\"") != std::string::npos;
}

text::Clean clean_of_open_clip(const model::TextConfig& text) {
    const bool is_plain = !text.has_hf_tokenizer && text.clean == "lower";
    if (text.clean == "canonicalize" || (text.is_padded() && is_plain))
        return text::Clean::kCanonicalize;  // the architectures of SigLIP that we know by name
    return text.clean == "whitespace" ? text::Clean::kWhitespace : text::Clean::kOpenClip;
}

// The tokenizer named, or the one beside the weights.
std::unique_ptr<text::Tokenizer> tokenizer_of(const CheckpointOptions& options,
                                              const model::ForeignModel& foreign) {
    const bool given = !options.tokenizer.empty();
    if (!given && foreign.folder.empty())
        throw cli::UsageError(
            "SRC is bare weights, which have no tokenizer (--tokenizer FILE names one)");
    const fs::path path = given ? fs::path(options.tokenizer) : foreign.folder;
    const fs::path folder = fs::is_directory(path) ? path : path.parent_path();
    text::TokenizerOptions rules;
    const model::TextConfig& config = foreign.config.text;
    // SigLIP's rules, unless the tokenizer has its own beside it.
    if (config.is_padded() && !fs::exists(folder / text::kTokenizerConfigFile))
        rules = text::siglip_options();
    // Texts are cleaned as the library of the model does it, whatever files of Hugging Face's lie
    // beside: many of open_clip's folders have them. Ours say it in a file of their own.
    const bool is_ours = fs::exists(folder / "tokenizer.model") && !config.has_hf_tokenizer;
    if (foreign.format != "hf" && !says_clean(folder) &&
        (config.is_padded() || (!given && !is_ours)))
        rules.clean = clean_of_open_clip(config);
    auto tokenizer = text::load_tokenizer(path.string(), rules);
    if (tokenizer->vocab_size() > foreign.config.text.vocab_size)
        throw cli::DataError(
            path.string() + ": the tokenizer has " + std::to_string(tokenizer->vocab_size()) +
            " entries, but the model has only " + std::to_string(foreign.config.text.vocab_size));
    return tokenizer;
}

// Each on a line of its own.
std::string listed(const std::vector<std::string>& tensors) {
    return "\n  " + cli::join(tensors, "\n  ");
}

void warn_left_out(const std::vector<std::string>& tensors, const std::string& where) {
    if (tensors.empty()) return;
    cli::warn(std::to_string(tensors.size()) + " tensors have no place in " + where +
              " and are left out:" + listed(tensors));
}

// Weights without a place change what the model computes: they are left out only where that is
// asked for.
void check_left_out(const std::vector<std::string>& tensors, const std::string& where,
                    bool drop_extra) {
    if (tensors.empty()) return;
    if (drop_extra) return warn_left_out(tensors, where);
    throw cli::DataError(std::to_string(tensors.size()) +
                         (tensors.size() == 1 ? " tensor has" : " tensors have") + " no place in " +
                         where + " (--drop-extra leaves them out):" + listed(tensors));
}

// Of a model whose configuration has no name: its folder's or its file's.
std::string name_of_source(const std::string& path) {
    const fs::path whole = fs::absolute(path).lexically_normal();
    return (whole.has_filename() ? whole : whole.parent_path()).stem().string();
}

bool is_hf_detector(const std::string& path) {
    return fs::is_regular_file(fs::path(path) / "config.json") && model::is_detector(path);
}

int import_detector(const CheckpointOptions& options) {
    const std::string& source = options.paths.front();
    if (options.input_format != "auto" && options.input_format != "hf")
        throw cli::DataError(source + ": is hf, not " + options.input_format);
    if (!options.arch.empty() || options.ema)
        throw cli::UsageError(source + ": a detector takes neither --arch nor --ema");
    const detect::LoadedOwlv2 loaded = detect::load_owlv2(source, at::kCPU, options.tokenizer);
    check_left_out(loaded.left_out, "the detector", options.drop_extra);
    if (options.common.dry_run) {
        cli::info("would write " + options.common.output + ", a detector, from hf");
        return cli::kDone;
    }
    write_folder(options.common, [&](const fs::path& folder) {
        detect::save_owlv2(folder, *loaded.model, *loaded.tokenizer,
                           cli::provenance_json(options.common));
    });
    return cli::kDone;
}

}  // namespace

int checkpoint_import(const CheckpointOptions& options) {
    check_can_write_folder(options.common);
    tensor::configure_process(options.common.thread_count(), /*deterministic=*/false);
    if (is_hf_detector(options.paths.front())) return import_detector(options);
    model::ForeignModel foreign = model::read_foreign(
        options.paths.front(), {options.input_format == "auto" ? "" : options.input_format,
                                options.arch, options.ema, options.long_text});
    const auto tokenizer = tokenizer_of(options, foreign);
    if (foreign.config.text.is_padded()) foreign.config.text.pad_id = tokenizer->pad_id();
    foreign.config.text.tokenizer = tokenizer->kind();
    if (foreign.config.name.empty()) foreign.config.name = name_of_source(options.paths.front());
    for (const std::string& note : foreign.notes) cli::info(options.paths.front() + ": " + note);
    check_left_out(foreign.left_out, "the model", options.drop_extra);
    if (options.common.dry_run) {
        cli::info("would write " + options.common.output + " from " + foreign.format);
        return cli::kDone;
    }
    model::LanguageImageModel model(foreign.config, /*seed=*/0);
    model.parameters.load(foreign.tensors, options.paths.front());
    write_folder(options.common, [&](const fs::path& folder) {
        model::save_model(folder, model, *tokenizer, cli::provenance_json(options.common));
    });
    return cli::kDone;
}

int checkpoint_export(const CheckpointOptions& options) {
    const bool is_file = options.exported.format == model::ExportFormat::kPt;
    if (!is_file)
        check_can_write_folder(options.common);
    else if (options.common.output == "-" || options.common.output.empty())
        throw cli::UsageError("--format pt writes a file: name it with -o FILE");
    else
        record::check_can_write(options.common.output, options.common.force);
    tensor::configure_process(options.common.thread_count(), /*deterministic=*/false);
    const model::LoadedModel loaded = model::load_model(options.paths.front(), at::kCPU);
    model::ExportSettings settings = options.exported;
    if (loaded.tokenizer->kind() == "clip") settings.clean = loaded.tokenizer->clean();
    model::check_can_export(loaded.model->config, settings);
    for (const std::string& what : model::export_differences(loaded.model->config, settings))
        cli::warn(what);
    if (options.common.dry_run) {
        cli::info("would write " + options.common.output);
        return cli::kDone;
    }
    const at::NoGradGuard no_grad;
    if (is_file) {
        const auto left =
            model::export_pt(options.common.output, *loaded.model, settings, options.common.force);
        warn_left_out(left, "the format");
        return cli::kDone;
    }
    std::vector<std::string> left;
    write_folder(options.common, [&](const fs::path& folder) {
        left = model::export_model(folder, *loaded.model, settings);
        model::save_tokenizer(folder, *loaded.tokenizer);
    });
    warn_left_out(left, "the format");
    if (loaded.tokenizer->file_name() == "tokenizer.model" &&
        !loaded.model->config.text.is_padded())
        cli::warn(
            "the library cannot open this tokenizer and may use another in its place (compute the "
            "token ids with SentencePiece from tokenizer.model, between start and end token; see "
            "doc/tokenizers.md)");
    return cli::kDone;
}

}  // namespace lip::cmd
