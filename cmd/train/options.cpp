#include "cmd/train/train.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cmd/train/recipes.h"

#include "tensor/device.h"
#include "tensor/group.h"
#include "tensor/nccl.h"
#include "train/methods.h"

#include <algorithm>

namespace lip::cmd {
namespace {

void add_length_and_optimiser(cli::Options& o, TrainOptions& t) {
    using cli::Kind;
    o.group("length and optimiser");
    o.add("--epochs", t.epochs, Kind::kCount, "N", "times through the data", 1);
    o.add("--steps", t.run.schedule.total_steps, Kind::kCount, "N",
          "optimiser steps in place of epochs; 0: by epochs");
    o.add("--lr", t.run.schedule.peak, "X", "peak learning rate", 0, 1e3);
    o.add("--min-lr", t.run.schedule.least, "X", "learning rate at the end", 0, 1e3);
    o.add("--warmup", t.warmup, "N|P%", "steps, or share of the run, in which the rate rises");
    o.choice("--schedule", t.run.schedule.decay,
             {{"cosine", train::Decay::kCosine},
              {"linear", train::Decay::kLinear},
              {"constant", train::Decay::kConstant}},
             "what follows the warm-up");
    o.add("--weight-decay", t.run.adamw.weight_decay, "X",
          "of matrices; gains, biases and scales have none", 0, 100);
    o.add("--beta1", t.run.adamw.beta1, "X", "AdamW's first decay rate", 0, 0.999999);
    o.add("--beta2", t.run.adamw.beta2, "X", "AdamW's second decay rate", 0, 0.9999999);
    o.add("--eps", t.run.adamw.eps, "X", "AdamW's epsilon", 1e-20, 1);
    o.add(
        "--micro-batch", t.run.step.part_images, Kind::kPlain, "N",
        "images whose activations are kept at once: computed twice, the loss is still that of the "
        "whole batch; 0: all",
        0, 1 << 20);
    o.add("--clip-grad", t.run.clip_gradients, "X", "largest norm of the gradient; 0: no limit", 0,
          1e9);
    o.add("--ema", t.run.ema, "X",
          "checkpoints hold the moving average of the weights with this decay, for example 0.999; "
          "0: the weights",
          0, 0.9999999);
}

void add_texts_and_images(cli::Options& o, TrainOptions& t) {
    using cli::Kind;
    train::SamplerSettings& sampler = t.run.data.sampler;
    train::PoolSettings& pool = sampler.pool;
    train::PixelSettings& pixels = t.run.data.pixels;
    o.group("texts and images");
    o.add("--texts-per-image", t.texts_per_image, Kind::kPlain, "K",
          "texts drawn for an image, without repetition while its pool lasts; 0: of the method", 0,
          256);
    o.choice("--texts", t.sentences,
             {{"auto", std::nullopt}, {"captions", false}, {"sentences", true}},
             "the pool: whole captions, or long ones by sentence. auto: of the method");
    o.add("--sources", pool.sources, "LIST",
          "captions in the pool: SOURCE[:FORM][=WEIGHT]; the entry with the form goes first. "
          "Weight 0 "
          "removes. Default: all at 1");
    o.add("--skip-flags", pool.skip_flags, "LIST",
          "captions with these flags are left out, and sentence N of FLAG@N; truncated drops the "
          "last sentence only")
        .checked_by(train::check_skip_flag);
    o.add("--merge", sampler.merge, Kind::kPlain, "M",
          "1..M neighbouring sentences of a caption make one text", 1, 64);
    o.choice(
        "--merge-mode", sampler.merge_mode,
        {{"consecutive", train::MergeMode::kConsecutive}, {"diverse", train::MergeMode::kDiverse}},
        "diverse: half the time any other sentences of the pool, not the neighbours");
    o.flag("--raw-first", sampler.raw_first, "the first text is always the raw caption", true);
    o.add("--image-size", t.image_size, Kind::kPlain, "N", "side in pixels; 0: of the architecture",
          0, 4096);
    o.add("--context-length", t.context_length, Kind::kPlain, "N",
          "longest text in tokens; 0: of the architecture", 0, 4096);
    o.choice("--resize-mode", t.resize_mode, {"auto", "shortest", "longest", "squash"},
             "how an image becomes a square, here without crops and in all tools that use the "
             "model: short side fitted, ends cut off; long side fitted, padded; both fitted. auto: "
             "of the architecture, with regions longest");
    o.choice("--augment", pixels.augment,
             {{"none", train::Augment::kNone},
              {"crop", train::Augment::kCrop},
              {"strong", train::Augment::kStrong}},
             "the evaluation's centre crop; random resized crops; or these with changes of colour "
             "and form: see IMAGES. With regions none");
    o.add("--crop-scale", pixels.crop_scale, "A",
          "least area of the random crop; 0.2 with --augment strong", 0.01, 1);
    o.add("--flip", pixels.flip, "P",
          "share of crops that are mirrored: against captions that name left and right", 0, 1);
    o.flag("--exact-decode", pixels.exact_decode,
           "crops from every pixel of the image, as other programs cut them: slower; see IMAGES",
           true);
}

void add_released_code(cli::Options& o, TrainOptions& t) {
    o.group("habits of released code");
    o.choice("--compat", t.released_code, {{"none", false}, {"dreamlip-code", true}},
             "the sampling of the code released with DreamLIP: sets what of --texts-per-image 7, "
             "--raw-first and the options below is not given");
    o.choice("--splitter", t.run.data.sampler.pool.splitter,
             {{"record", train::Splitter::kRecord}, {"dreamlip", train::Splitter::kDreamlip}},
             "sentences: those of the record; or long and short captions cut at every line feed, "
             "period and </s>");
    o.flag("--drop-last-piece", t.drop_last_piece,
           "no text begins with the last piece of the pool, or with --merge M the last M+1", true);
    o.flag("--period-join", t.run.data.sampler.period_join,
           "merged pieces have \". \" between them and go on over the borders of captions", true);
    o.choice("--pool-order", t.run.data.sampler.pool.order,
             {{"record", train::PoolOrder::kRecord},
              {"csv", train::PoolOrder::kCsv},
              {"json", train::PoolOrder::kJson}},
             "captions in the order of the record, or of that code's readers");
}

// Settings of a recipe's method where another one was typed.
void drop_foreign_settings(const cli::Options& given, TrainOptions& t) {
    const std::vector<std::string>& of_file = given.find("set")->from_file;
    if (!given.on_command_line("method")) return;
    std::string dropped;
    std::erase_if(t.settings, [&](const std::string& setting) {
        const std::string block = setting.substr(0, setting.find('.'));
        const bool is_foreign = block != t.run.method && !(block == "cloc" && t.regions) &&
                                std::ranges::find(of_file, setting) != of_file.end();
        if (is_foreign) dropped += (dropped.empty() ? "" : ", ") + setting;
        return is_foreign;
    });
    if (!dropped.empty())
        cli::info("--method " + t.run.method + ": left out of the configuration: " + dropped);
}

void set_released_code(const cli::Options& given, TrainOptions& t) {
    if (!t.released_code) return;
    train::SamplerSettings& sampler = t.run.data.sampler;
    if (!given.given("texts-per-image")) t.texts_per_image = 7;
    if (!given.given("raw-first")) sampler.raw_first = true;
    if (!given.given("splitter")) sampler.pool.splitter = train::Splitter::kDreamlip;
    if (!given.given("drop-last-piece")) t.drop_last_piece = true;
    if (!given.given("period-join")) sampler.period_join = true;
    if (!given.given("pool-order")) sampler.pool.order = train::PoolOrder::kCsv;
}

// Boxes hold for the whole image.
void set_regions(const cli::Options& given, TrainOptions& t) {
    const bool of_method = train::find_method(t.run.method).regions;
    if (of_method && given.given("regions") && !t.regions)
        throw cli::UsageError("--no-regions: --method " + t.run.method +
                              " is learning from regions (--method clip is the same without)");
    if (!t.regions && !of_method) return;
    train::PixelSettings& pixels = t.run.data.pixels;
    if (!given.given("augment")) pixels.augment = train::Augment::kNone;
    if (!given.given("resize-mode")) t.resize_mode = "longest";
    if (pixels.augment != train::Augment::kNone)
        throw cli::UsageError(
            "--augment: boxes of regions hold for the whole image, not for crops (--augment none)");
    if (pixels.flip > 0)
        throw cli::UsageError(
            "--flip: boxes and phrases of regions hold for the image as it is, not mirrored");
}

// Steps win over epochs, but not those of a recipe over what was typed.
void set_length(const cli::Options& given, TrainOptions& t) {
    if (!given.on_command_line("epochs")) return;
    if (given.on_command_line("steps") && t.run.schedule.total_steps > 0)
        throw cli::UsageError("--epochs and --steps both set the length: give one of them");
    t.run.schedule.total_steps = 0;
}

void set_crops(const cli::Options& given, TrainOptions& t) {
    train::PixelSettings& pixels = t.run.data.pixels;
    if (pixels.augment == train::Augment::kStrong && !given.given("crop-scale"))
        pixels.crop_scale = 0.2;
    if (pixels.augment == train::Augment::kNone && (pixels.flip > 0 || pixels.exact_decode))
        throw cli::UsageError(
            "--flip and --exact-decode are of random crops, and --augment none makes none (it "
            "decodes every pixel anyway)");
}

void add_run(cli::Options& o, TrainOptions& t) {
    using cli::Kind;
    o.group("train");
    std::vector<std::string> names;
    for (const train::Method& method : train::methods()) names.emplace_back(method.name);
    o.choice("--method", t.run.method, names, "loss and defaults");
    o.add_repeated("--set", t.settings, "METHOD.KEY=VALUE",
                   "a setting of the method, beside those of --config: see SETTINGS")
        .merges_keys = true;
    o.add("--arch", t.arch, "NAME|FILE",
          "shape of the model: a name of open_clip's, demo, or a JSON file");
    o.add("--init", t.run.init, "CKPT",
          "start from the weights of a checkpoint or run, of the same --arch and --tokenizer; a "
          "warning names settings of Llip that differ");
    o.add("--init-bias", t.init_bias, "X|prior",
          "first bias of a sigmoid loss (siglip, llip), -100 to 100, by default -10; prior: "
          "-ln(batch size - 1), for batches below about 1,000 images");
    o.add("--tokenizer", t.run.tokenizer, "FILE", "SentencePiece model, CLIP vocabulary or folder")
        .required("spm_train makes one, see TOKENIZER in train(1)");
    o.add_repeated("--data", t.run.data.shards, "SHARDS[=WEIGHT]",
                   "training data: a shard, a folder, a manifest or a quoted pattern; its images "
                   "are seen WEIGHT times as often as those of weight 1")
        .required();
    o.add("-o,--output", t.run.run_folder, "RUN", "folder of the run").required().in_config = false;
    o.flag("-f,--force", t.run.replace, "start afresh: replaces a run that is in RUN")
        .not_with({"resume"})
        .in_config = false;
    cli::Option& resume = o.flag("--resume", t.run.resume,
                                 "go on from the newest checkpoint in RUN; start if there is none");
    resume.in_config = false;
    resume.meant_by = {"if-exists"};
    o.add("--checkpoint-every", t.run.checkpoint_every, "N|TIME",
          "steps, or a duration such as 30m, between checkpoints");
    o.add("--keep", t.run.keep, Kind::kPlain, "N", "checkpoints that stay, the newest; 0: all");
    o.add("--log-every", t.run.log_every, Kind::kPlain, "N", "steps between lines of metrics.jsonl",
          1);
    o.flag("--tensorboard", t.run.tensorboard, "figures for TensorBoard, too, in RUN/tensorboard");
    o.add("--rank-timeout", t.rank_timeout_s, Kind::kDuration, "TIME",
          "of several ranks, end when another has been silent this long: see RANKS", 1);
    o.choice("--rank-backend", t.rank_backend,
             {{"auto", tensor::Exchanger::kAuto},
              {"gloo", tensor::Exchanger::kGloo},
              {"nccl", tensor::Exchanger::kNccl}},
             "of several ranks, what carries tensors of CUDA devices; auto: NCCL where it can be, "
             "see RANKS");
    o.flag("--ring", t.run.step.ring,
           "of several ranks, with siglip and llip: texts go round, those of one rank at a time, "
           "rather than all to all; of one rank it changes nothing: see RANKS",
           true);
    o.add("--seed", t.seed, Kind::kPlain, "N", "of weights, order, crops and draws").environment =
        "LIP_SEED";
}

void add_evaluation(cli::Options& o, TrainOptions& t) {
    using cli::Kind;
    o.group("evaluation");
    o.add_repeated("--eval-data", t.eval.inputs, "INPUT",
                   "images with captions, as shards or records, on which checkpoints are measured");
    o.add("--image-root", t.eval.image_root, "DIR",
          "where relative image paths of --eval-data's records start. Default: the folder of the "
          "record file");
    o.add("--eval-every", t.run.evaluate_every, Kind::kPlain, "N",
          "every N-th checkpoint, and the last of the run", 1);
    o.add("--classes", t.eval.classes, "FILE",
          "with the accuracy among these classes: zeroshot(1)");
    o.add("--templates", t.eval.templates, "NAME|FILE", "around the names of the classes");
    o.group("bad samples");
    o.choice("--on-error", t.run.errors.skip_bad, {{"stop", false}, {"skip", true}},
             "a bad sample ends the run, or is replaced");
    o.add("--max-errors", t.run.errors.max_errors, "N|P%", "more bad samples than this fail");
    o.add("--rejects", t.run.errors.rejects, "FILE", "takes one JSON line a bad sample");
}

}  // namespace

TrainOptions::TrainOptions() {
    run.errors.skip_bad = true;
    run.errors.max_errors = {record::ErrorLimit::Kind::kShare, 0.01};
    machine.batch_size = 256;
}

cli::Tool train_tool(TrainOptions& t) {
    using cli::Kind;
    cli::Tool tool{cli::embedded_page("train")};
    tool.resumes = true;
    tool.features = {tensor::torch_description(), !tensor::has_gloo()
                                                      ? "no ranks (built without Gloo)"
                                                  : tensor::has_nccl() ? "ranks over Gloo and NCCL"
                                                                       : "ranks over Gloo"};
    cli::Command command{
        "", "--data SHARDS --tokenizer FILE -o RUN [OPTION]...", tool.page.summary, {}, [&t] {
            return run_train(t);
        }};
    cli::Options& o = command.options;
    add_run(o, t);
    add_length_and_optimiser(o, t);
    add_texts_and_images(o, t);
    o.group("regions");
    o.flag("--regions", t.regions,
           "also with methods other than cloc: learn from the boxes and phrases of the records; "
           "see REGIONS",
           true);
    add_released_code(o, t);
    // Here, so that --print-config and config.toml say what it comes to.
    o.after_parse([&t](const cli::Options& given) {
        train::check(t.run.data.sampler.pool.sources);
        set_length(given, t);
        drop_foreign_settings(given, t);
        set_released_code(given, t);
        set_regions(given, t);
        set_crops(given, t);
    });
    o.group("model");
    add_device(o, t.machine, "images a step");
    add_evaluation(o, t);
    add_common(o, t.common, "");
    o.locate_config(find_recipe);
    tool.commands.push_back(std::move(command));
    t.declared =
        &tool.commands.front().options;  // moves with the tool: its commands stay where they are
    return tool;
}

}  // namespace lip::cmd
