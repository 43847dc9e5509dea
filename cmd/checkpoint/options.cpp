#include "cmd/checkpoint/checkpoint.h"
#include "tensor/device.h"

namespace lip::cmd {
namespace {

constexpr const char* kDescription =
    R"(Looks into checkpoints: folders with config.json, model.safetensors and a tokenizer. A run folder stands for its newest checkpoint.

checkpoint info reads the configuration and all weights, checks that they belong together, and tells what the model is.)";

constexpr const char* kOutput =
    R"(A line for each fact, name and value with a TAB between, or one object with --format=json: path; arch and method; parameters, with vision_parameters and text_parameters; the shapes of both towers; embed_dim, image_size, context_length; logit_scale, the factor on cosines, and logit_bias where the model has one; gflops_image and gflops_text, the cost of one image and of one text of full length, in 10^9 floating point operations of matrix products; step and samples of the training run, and provenance, where they are known.

With --tensors follows a line for each tensor: its name, shape, type and Euclidean norm.)";

constexpr const char* kBadInput =
    R"(A file that is cut or damaged, an unknown key in the configuration, and tensors that are missing, left over or of another shape than the configuration asks for end the run with status 1; all such tensors are named.)";

}  // namespace

cli::Tool checkpoint_tool(CheckpointOptions& options) {
    cli::Tool tool;
    tool.name = "checkpoint";
    tool.summary = "tell what is in a model's checkpoint";
    tool.description = kDescription;
    tool.sections = {{"OUTPUT", kOutput}, {"BAD INPUT", kBadInput}};
    tool.examples = {
        {"What a model is.", "checkpoint info model"},
        {"One value, for a script.", "checkpoint info --format json model | jq .parameters"},
        {"The five largest weights by norm.",
         "checkpoint info --format json --tensors model |\n"
         "    jq -r '.tensors | sort_by(-.norm)[:5][] | [.name, .norm] | @tsv'"},
    };
    tool.see_also = "train(1), embed(1), checkpoint(5), lip(7)";
    tool.features = {tensor::torch_description()};
    cli::Command command{
        "info", "[OPTION]... CKPT", "what the model is, and its tensors", {}, [&options] {
            return checkpoint_info(options);
        }};
    cli::Options& o = command.options;
    o.operands(options.paths, "CKPT", "a checkpoint, or a run folder", 1, 1);
    o.group("info");
    o.choice("--format", options.format, {"text", "json"},
             "lines of name TAB value, or one JSON object");
    o.flag("--tensors", options.tensors, "add every tensor with shape, type and norm");
    cli::add_common(o, options.common, "where the report goes; - is standard output");
    tool.commands.push_back(std::move(command));
    return tool;
}

}  // namespace lip::cmd
