// checkpoint import and export.
#include "cli/error.h"
#include "cli/log.h"
#include "cmd/checkpoint/checkpoint.h"
#include "model/checkpoint.h"
#include "model/export.h"
#include "model/foreign.h"
#include "tensor/device.h"

namespace lip::cmd {
namespace {

namespace fs = std::filesystem;

// The tokenizer named, or the one beside the weights.
std::unique_ptr<text::Tokenizer> tokenizer_of(const CheckpointOptions& options,
                                              const model::ForeignModel& foreign) {
    const bool given = !options.tokenizer.empty();
    if (!given && foreign.folder.empty())
        throw cli::UsageError("bare weights come without a tokenizer: name one with --tokenizer");
    const fs::path path = given ? fs::path(options.tokenizer) : foreign.folder;
    const fs::path folder = fs::is_directory(path) ? path : path.parent_path();
    text::TokenizerOptions rules;
    // SigLIP's rules, unless the tokenizer has its own beside it; open_clip cleans otherwise.
    if (foreign.config.text.is_padded() && !fs::exists(folder / text::kTokenizerConfigFile)) {
        rules = text::siglip_options();
        if (foreign.format != "hf") rules.clean = text::Clean::kCanonicalize;
    }
    auto tokenizer = text::load_tokenizer(path.string(), rules);
    if (tokenizer->vocab_size() > foreign.config.text.vocab_size)
        throw cli::DataError(path.string() + ": the tokenizer has " +
                             std::to_string(tokenizer->vocab_size()) + " entries, the model only " +
                             std::to_string(foreign.config.text.vocab_size));
    return tokenizer;
}

}  // namespace

int checkpoint_import(const CheckpointOptions& options) {
    check_can_write_folder(options.common);
    tensor::configure_process(options.common.thread_count(), /*deterministic=*/false);
    model::ForeignModel foreign = model::read_foreign(
        options.paths.front(),
        {options.input_format == "auto" ? "" : options.input_format, options.arch, options.ema});
    const auto tokenizer = tokenizer_of(options, foreign);
    if (foreign.config.text.is_padded()) foreign.config.text.pad_id = tokenizer->pad_id();
    if (!foreign.left_out.empty()) {
        std::string names;
        for (const std::string& name : foreign.left_out) names += "\n  " + name;
        cli::warn(std::to_string(foreign.left_out.size()) +
                  " tensors have no place in the model and are left out:" + names);
    }
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
    check_can_write_folder(options.common);
    tensor::configure_process(options.common.thread_count(), /*deterministic=*/false);
    const model::LoadedModel loaded = model::load_model(options.paths.front(), at::kCPU);
    if (options.common.dry_run) {
        cli::info("would write " + options.common.output + " for " + options.output_format);
        return cli::kDone;
    }
    write_folder(options.common, [&](const fs::path& folder) {
        model::export_model(folder, *loaded.model,
                            options.output_format == "hf" ? model::ExportFormat::kHf
                                                          : model::ExportFormat::kOpenClip);
        model::save_tokenizer(folder, *loaded.tokenizer);
    });
    return cli::kDone;
}

}  // namespace lip::cmd
