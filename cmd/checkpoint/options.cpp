#include "cmd/checkpoint/checkpoint.h"
#include "tensor/device.h"

namespace lip::cmd {
namespace {

constexpr const char* kDescription =
    R"(Looks into checkpoints and brings models in and out. A checkpoint is a folder with config.json, model.safetensors and a tokenizer; a run folder stands for its newest checkpoint.

info reads the configuration and all weights, checks that they belong together, and tells what the model is.

verify looks for all that can be wrong with a checkpoint: files that are missing, or differ from checksums.xxh64; a configuration or a tokenizer that cannot be read; weights or moments that are damaged, missing, too many, of another shape, or not finite.

import makes a checkpoint of a model of open_clip (a folder with open_clip_config.json), of Hugging Face (a folder of CLIPModel, SiglipModel or Owlv2ForObjectDetection), or of bare weights (.safetensors, or .pt and .bin of torch.save, with --arch): names of open_clip, OpenAI, Hugging Face, with or without "module." or a state_dict around them. Pickles are read as data: what asks for anything but tensors, dictionaries, lists, numbers and texts is refused by its name, and nothing in a file is ever run. Positions of another image size are interpolated. Weights that the model has no place for are left out and named. OWLv2 becomes a detector, which ground(1) uses, and no other tool.

export writes a folder that open_clip ('local-dir:DIR') or Hugging Face (from_pretrained) open, or a file of the weights alone under open_clip's names, for torch.load with weights_only. open_clip has no place for a SentencePiece tokenizer: doc/tokenizers.md makes its ids in a few lines of Python. Hugging Face's CLIP cannot hold a model whose end token is 2 (spm_train --eos_id=3 makes one that it can). The file of weights says neither the architecture nor the tokenizer: import takes it with --arch config.json and --tokenizer of the checkpoint. A Llip model leaves as such a file only, whole and with names of ours for its mixture tokens and readout: other libraries have no place for them, and without them nobody could use it. A model with regions leaves as a file with its Prompter, under names of ours; --drop-extra leaves the CLIP that it is beside. With --dtype f16 or bf16 all weights but scale and bias of the logits have that type.

average makes the mean of the weights of checkpoints with equal configurations. diff compares two checkpoints tensor by tensor.)";

constexpr const char* kOutput =
    R"(info: a line for each fact, name and value with a TAB between, or one object with --format=json: path; arch and method; parameters, with vision_parameters and text_parameters, readout_parameters of a Llip model and prompter_parameters of one with regions; the shapes of both towers; embed_dim, image_size, context_length; of a Llip model its settings by the names that train --set has, llip.mixture_tokens, llip.heads, llip.temperature (as it is now, if learnt) and the others, in JSON the object llip, and vision_pool mixture; of a model with regions in the same way cloc.pool and the others; logit_scale, the factor on cosines, and logit_bias where the model has one; gflops_image and gflops_text, the cost of one image and of one text of full length, in 10^9 floating point operations of matrix products; of a Llip model also mflops_pair, the 10^6 operations for the score of an image with one text more, and gflops_batches, for batches of 64 to 32768 images with a text each the operations of both towers and of the scores of all pairs, as a table with the columns batch, images, texts and pairs (training takes three times all of these); step and samples of the training run, and provenance, where they are known. Of a detector: detector in place of method, and head_parameters. With --tensors follows a line for each tensor: its name, shape, type and Euclidean norm.

verify: a line for each problem, TAB-separated: the checkpoint, the file, and what is wrong; nothing for a checkpoint that is sound. Exit 0 if all are sound, 1 if not.

diff: a line for each tensor that differs by more than --atol plus --rtol times the second, TAB-separated: name, largest difference, largest relative difference; or where only one has it, or shapes differ. Exit 0 if all are equal, 1 if not.

import, export and average write a folder, complete or not at all.)";

constexpr const char* kBadInput =
    R"(A file that is cut or damaged, a pickle with code in it, an unknown key in the configuration, and tensors that are missing or of another shape than the configuration asks for end the run with status 1; all such tensors are named. What another library has no place for ends export in the same way; single tensors, such as the bias of the logits in CLIPModel, are named and left out with --drop-extra.)";

}  // namespace

cli::Tool checkpoint_tool(CheckpointOptions& options) {
    cli::Tool tool;
    tool.name = "checkpoint";
    tool.summary = "look into checkpoints, bring models in and out";
    tool.description = kDescription;
    tool.sections = {{"OUTPUT", kOutput}, {"BAD INPUT", kBadInput}};
    tool.examples = {
        {"What a model is.", "checkpoint info model"},
        {"One value, for a script.", "checkpoint info --format json model | jq .parameters"},
        {"What the towers of a Llip model cost, and the scores of all pairs.",
         "checkpoint info llip | grep flops"},
        {"The five largest weights by norm.",
         "checkpoint info --format json --tensors model |\n"
         "    jq -r '.tensors | sort_by(-.norm)[:5][] | [.name, .norm] | @tsv'"},
        {"Are the checkpoints of a run as they were written?",
         "checkpoint verify run/checkpoints/step-*"},
        {"For open_clip, and back.",
         "checkpoint export model -o exported\n"
         "checkpoint import exported -o again.ckpt\n"
         "checkpoint diff model again.ckpt"},
        {"The weights for torch.load, in half the bytes.",
         "checkpoint export --format pt --dtype bf16 model -o weights.pt"},
        {"The mean of the last checkpoints of a run.",
         "checkpoint average run/checkpoints/step-* -o soup.ckpt"},
    };
    tool.see_also = "train(1), embed(1), checkpoint(5), lip(7)";
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
    average.add("--weights", options.weights, "LIST",
                "a share for each, divided by their sum. Default: equal");
    finish(average, kFolder);

    cli::Options& diff = add("diff", "[OPTION]... A B", "tensors that differ", checkpoint_diff);
    diff.operands(options.paths, "CKPT", "two checkpoints, or run folders", 2, 2);
    diff.add("--atol", options.atol, "X", "absolute difference allowed", 0, 1e300);
    diff.add("--rtol", options.rtol, "X", "relative difference allowed", 0, 1e300);
    finish(diff, kReport);
    return tool;
}

}  // namespace lip::cmd
