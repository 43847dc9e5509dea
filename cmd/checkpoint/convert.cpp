// checkpoint import and export.
#include "cli/error.h"
#include "cli/log.h"
#include "cli/values.h"
#include "cmd/checkpoint/checkpoint.h"
#include "detect/owlv2_checkpoint.h"
#include "model/checkpoint.h"
#include "model/export.h"
#include "model/import.h"
#include "model/lora.h"
#include "record/file.h"
#include "tensor/device.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace lip::cmd {
namespace {

namespace fs = std::filesystem;

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
    const model::ImportedModel foreign =
        model::import_model(options.paths.front(),
                            {.format = options.input_format == "auto" ? "" : options.input_format,
                             .arch = options.arch,
                             .ema = options.ema,
                             .long_text = options.long_text,
                             .image_size = options.image_size,
                             .context_length = options.context_length,
                             .stretch = options.stretch},
                            options.tokenizer);
    for (const std::string& note : foreign.notes) cli::info(options.paths.front() + ": " + note);
    check_left_out(foreign.left_out, "the model", options.drop_extra);
    if (options.common.dry_run) {
        cli::info("would write " + options.common.output + " from " + foreign.format);
        return cli::kDone;
    }
    model::LanguageImageModel model(foreign.config, /*seed=*/std::nullopt);
    model.parameters.take(foreign.tensors, options.paths.front());
    write_folder(options.common, [&](const fs::path& folder) {
        model::save_model(folder, model, *foreign.tokenizer, cli::provenance_json(options.common));
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
    const model::LoadedModel loaded =
        model::merged(model::load_model(options.paths.front(), at::kCPU));
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
            std::string(settings.format == model::ExportFormat::kHf ? "Hugging Face"
                                                                    : "open_clip") +
            " cannot open this tokenizer and may use another in its place (compute the "
            "token ids with SentencePiece from tokenizer.model, between start and end token; see "
            "doc/tokenizers.md)");
    return cli::kDone;
}

int checkpoint_merge(const CheckpointOptions& options) {
    check_can_write_folder(options.common);
    tensor::configure_process(options.common.thread_count(), /*deterministic=*/false);
    model::LoadedModel loaded = model::load_model(options.paths.front(), at::kCPU);
    if (!loaded.model->config.lora.any())
        throw cli::DataError(loaded.folder.string() + ": has no LoRA to merge");
    if (options.common.dry_run) {
        cli::info("would write " + options.common.output);
        return cli::kDone;
    }
    loaded = model::merged(std::move(loaded));
    write_folder(options.common, [&](const fs::path& folder) {
        model::save_model(folder, *loaded.model, *loaded.tokenizer,
                          cli::provenance_json(options.common));
    });
    return cli::kDone;
}

}  // namespace lip::cmd
