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
fs::path tokenizer_of(const CheckpointOptions& options, const fs::path& folder) {
    if (!options.tokenizer.empty()) return options.tokenizer;
    if (!folder.empty())
        for (const char* name : {"tokenizer.model", "spiece.model"})
            if (fs::is_regular_file(folder / name)) return folder / name;
    throw cli::UsageError("there is no tokenizer beside the weights: name one with --tokenizer");
}

}  // namespace

int checkpoint_import(const CheckpointOptions& options) {
    check_can_write_folder(options.common);
    tensor::configure_process(options.common.thread_count(), /*deterministic=*/false);
    const model::ForeignModel foreign = model::read_foreign(
        options.paths.front(),
        {options.input_format == "auto" ? "" : options.input_format, options.arch, options.ema});
    const fs::path tokenizer_path = tokenizer_of(options, foreign.folder);
    if (!foreign.left_out.empty()) {
        std::string names;
        for (const std::string& name : foreign.left_out) names += "\n  " + name;
        cli::warn(std::to_string(foreign.left_out.size()) +
                  " tensors have no place in the model and are left out:" + names);
    }
    const auto tokenizer = text::load_sentencepiece(tokenizer_path.string());
    if (tokenizer->vocab_size() > foreign.config.text.vocab_size)
        throw cli::DataError(tokenizer_path.string() + ": has " +
                             std::to_string(tokenizer->vocab_size()) + " entries, the model only " +
                             std::to_string(foreign.config.text.vocab_size));
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
    });
    return cli::kDone;
}

}  // namespace lip::cmd
