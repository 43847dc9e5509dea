#include "cmd/checkpoint/checkpoint.h"
#include "tensor/device.h"

namespace lip::cmd {
namespace {}  // namespace

cli::Tool checkpoint_tool(CheckpointOptions& options) {
    cli::Tool tool{cli::embedded_page("checkpoint")};
    tool.features = {tensor::torch_description()};
    const auto add = [&](const char* name, const char* usage, const char* summary,
                         int (*run)(const CheckpointOptions&)) -> cli::Options& {
        tool.commands.push_back(
            {name, usage, summary, {}, [&options, run] { return run(options); }});
        cli::Options& o = tool.commands.back().options;
        o.group(name);
        return o;
    };
    const auto finish = [&](cli::Options& o, const char* output) {
        cli::add_common(o, options.common, output);
    };
    constexpr const char* kReport = "where the report goes; - is standard output";
    constexpr const char* kFolder = "the folder to write";

    cli::Options& info =
        add("info", "[OPTION]... CKPT", "what the model is, and its tensors", checkpoint_info);
    info.operands(options.paths, "CKPT", "a checkpoint, or a run folder", 1, 1);
    info.choice("--format", options.format, {"text", "json"},
                "lines of name TAB value, or one JSON object");
    info.flag("--tensors", options.tensors, "add every tensor with shape, type and norm");
    finish(info, kReport);

    cli::Options& verify = add("verify", "[OPTION]... CKPT...",
                               "all that is wrong with checkpoints", checkpoint_verify);
    verify.operands(options.paths, "CKPT", "checkpoints, or run folders", 1);
    finish(verify, kReport);

    cli::Options& import = add("import", "[OPTION]... SRC -o DIR",
                               "a checkpoint from another library's model", checkpoint_import);
    import.operands(options.paths, "SRC", "a folder, or a file of weights", 1, 1);
    import.choice("--input-format", options.input_format, {"auto", "open_clip", "hf", "pt"},
                  "what SRC is");
    import.add("--arch", options.arch, "NAME",
               "of bare weights: an architecture as train has, or its JSON file");
    import.add("--tokenizer", options.tokenizer, "FILE",
               "its tokenizer, as train takes it. Default: beside SRC");
    import.flag("--ema", options.ema, "of a training checkpoint the averaged weights");
    finish(import, kFolder);

    cli::Options& out =
        add("export", "[OPTION]... CKPT -o OUT", "for another library", checkpoint_export);
    out.operands(options.paths, "CKPT", "a checkpoint, or a run folder", 1, 1);
    out.choice("--format", options.exported.format,
               {{"open_clip", model::ExportFormat::kOpenClip},
                {"hf", model::ExportFormat::kHf},
                {"pt", model::ExportFormat::kPt}},
               "folders for open_clip or Hugging Face, or a file of weights");
    out.choice("--dtype", options.exported.dtype,
               {{"f32", at::kFloat}, {"f16", at::kHalf}, {"bf16", at::kBFloat16}},
               "type of the weights");
    out.flag("--drop-extra", options.exported.drop_extra,
             "leave out tensors that the format has no place for");
    finish(out, "the folder to write; with --format pt the file");

    cli::Options& average =
        add("average", "[OPTION]... CKPT... -o DIR", "the mean of the weights", checkpoint_average);
    average.operands(options.paths, "CKPT", "checkpoints of one configuration", 1);
    average
        .add("--weights", options.weights, "LIST",
             "a share for each, divided by their sum. Default: equal")
        .checked_by([](std::string_view text) {
            if (cli::parse_real(text) < 0)
                throw cli::UsageError(std::string(text) + " is negative");
        });
    finish(average, kFolder);

    cli::Options& diff = add("diff", "[OPTION]... A B", "tensors that differ", checkpoint_diff);
    diff.operands(options.paths, "CKPT", "two checkpoints, or run folders", 2, 2);
    diff.add("--atol", options.atol, "X", "absolute difference allowed", 0, 1e300);
    diff.add("--rtol", options.rtol, "X", "relative difference allowed", 0, 1e300);
    finish(diff, kReport);
    return tool;
}

}  // namespace lip::cmd
