#include "cli/error.h"
#include "cli/module.h"
#include "cmd/checkpoint/checkpoint.h"
#include "tensor/description.h"

namespace lip::cmd {
namespace {

void add_import(cli::Options& o, CheckpointOptions& options) {
    o.operands(options.paths, "SRC", "folder of a model, or file of weights", 1, 1);
    o.choice("--input-format", options.input_format, {"auto", "open_clip", "hf", "pt"},
             "format of SRC");
    o.add("--arch", options.arch, "NAME",
          "architecture of bare weights: a name as train takes it, or a JSON file. Default: what "
          "lies beside SRC");
    o.add("--tokenizer", options.tokenizer, "FILE",
          "tokenizer of the model, as train takes it. Default: the one beside SRC");
    o.flag("--ema", options.ema, "import the averaged weights (EMA) of a training checkpoint");
    o.flag("--drop-extra", options.drop_extra, "leave out tensors that the model has no place for");
    o.add("--image-size", options.image_size, cli::Kind::kPlain, "N",
          "side of the images in pixels: positions are interpolated; 0: as the model has it", 0,
          4096);
    o.add("--context-length", options.context_length, cli::Kind::kPlain, "N",
          "longest text in tokens: positions are stretched; 0: as the model has it", 0, 4096);
    o.choice("--stretch-text", options.stretch,
             {{"keep-first-20", model::Stretch::kKeepFirst20},
              {"interpolate", model::Stretch::kInterpolate}},
             "how text positions are stretched: the first 20 stay and the others are spread, as in "
             "Long-CLIP; or all are spread, as in open_clip");
    o.flag("--long-text", options.long_text,
           "of FG-CLIP: import what it has for texts of up to 248 tokens, not for short ones");
}

void add_export(cli::Options& o, CheckpointOptions& options) {
    o.operands(options.paths, "CKPT", "checkpoint, or run folder", 1, 1);
    o.choice("--format", options.exported.format,
             {{"open_clip", model::ExportFormat::kOpenClip},
              {"hf", model::ExportFormat::kHf},
              {"pt", model::ExportFormat::kPt}},
             "output format: a folder for open_clip or Hugging Face, or a file of weights");
    o.choice("--dtype", options.exported.dtype,
             {{"f32", at::kFloat}, {"f16", at::kHalf}, {"bf16", at::kBFloat16}},
             "data type of the weights");
    o.flag("--drop-extra", options.exported.drop_extra,
           "leave out tensors that the format cannot hold");
}

void add_average(cli::Options& o, CheckpointOptions& options) {
    o.operands(options.paths, "CKPT", "checkpoints of equal configuration", 1);
    o.add("--weights", options.weights, "LIST",
          "weights of the checkpoints in the mean, which are divided by their sum. Default: "
          "equal weights")
        .checked_by([](std::string_view text) {
            if (cli::parse_real(text) < 0)
                throw cli::UsageError(std::string(text) + " is negative");
        });
}

}  // namespace

cli::Tool checkpoint_tool(CheckpointOptions& options) {
    cli::Tool tool{cli::embedded_page("checkpoint")};
    tool.features = {tensor::torch_description()};
    const auto add = [&](const char* name, const char* usage,
                         const char* summary) -> cli::Options& {
        tool.commands.push_back({name, usage, summary, {}, [&options, name] {
                                     return cli::run_in_module("checkpoint", name, options);
                                 }});
        cli::Options& o = tool.commands.back().options;
        o.group(name);
        return o;
    };
    const auto finish = [&](cli::Options& o, const char* output) {
        cli::add_common(o, options.common, output);
    };
    constexpr const char* kReport = "write the report to FILE; - is standard output";
    constexpr const char* kFolder = "folder to write";

    cli::Options& info = add("info", "[OPTION]... CKPT", "describe a model and its tensors");
    info.operands(options.paths, "CKPT", "checkpoint, or run folder", 1, 1);
    info.choice("--format", options.format, {"text", "json"},
                "output format: lines of name TAB value, or one JSON object");
    info.flag("--json", options.json, "the same as --format json");
    info.flag("--tensors", options.tensors, "also list every tensor with its shape, type and norm");
    finish(info, kReport);

    cli::Options& verify =
        add("verify", "[OPTION]... CKPT...", "report everything that is wrong with checkpoints");
    verify.operands(options.paths, "CKPT", "checkpoints, or run folders", 1);
    finish(verify, kReport);

    cli::Options& import =
        add("import", "[OPTION]... SRC -o DIR", "make a checkpoint of a model of another library");
    add_import(import, options);
    finish(import, kFolder);

    cli::Options& out =
        add("export", "[OPTION]... CKPT -o OUT", "write a model for another library");
    add_export(out, options);
    finish(out, "folder to write; with --format pt, file to write");

    cli::Options& merge = add("merge", "[OPTION]... CKPT -o DIR",
                              "add LoRA's matrices to the weights they belong to");
    merge.operands(options.paths, "CKPT", "checkpoint, or run folder", 1, 1);
    finish(merge, kFolder);

    cli::Options& average =
        add("average", "[OPTION]... CKPT... -o DIR", "average the weights of checkpoints");
    add_average(average, options);
    finish(average, kFolder);

    cli::Options& diff =
        add("diff", "[OPTION]... A B", "list the tensors that differ between two checkpoints");
    diff.operands(options.paths, "CKPT", "two checkpoints, or run folders", 2, 2);
    diff.add("--atol", options.atol, "X", "absolute tolerance", 0, 1e300);
    diff.add("--rtol", options.rtol, "X", "relative tolerance", 0, 1e300);
    finish(diff, kReport);
    return tool;
}

}  // namespace lip::cmd
