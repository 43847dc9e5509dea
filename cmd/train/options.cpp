#include "cmd/train/train.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cmd/train/recipes.h"

#include "cli/module.h"
#include "tensor/description.h"
#include "train/method_facts.h"

#include <algorithm>

namespace lip::cmd {
namespace {

void add_length_and_optimiser(cli::Options& o, TrainOptions& t) {
    using cli::Kind;
    o.group("schedule and optimiser");
    o.add("--epochs", t.epochs, Kind::kCount, "N", "number of epochs", 1);
    o.add("--steps", t.run.schedule.total_steps, Kind::kCount, "N",
          "number of optimiser steps, in place of --epochs; 0: use --epochs");
    o.add("--lr", t.run.schedule.peak, "X", "peak learning rate", 0, 1e3);
    o.add("--min-lr", t.run.schedule.least, "X", "learning rate at the end of the schedule", 0,
          1e3);
    o.add("--warmup", t.warmup, "N|P%",
          "length of the learning-rate warm-up: steps, or a share of the run");
    o.choice("--schedule", t.run.schedule.decay,
             {{"cosine", train::Decay::kCosine},
              {"linear", train::Decay::kLinear},
              {"constant", train::Decay::kConstant}},
             "learning-rate schedule after the warm-up");
    o.add("--weight-decay", t.run.adamw.weight_decay, "X",
          "weight decay of matrices; gains, biases and scales have none", 0, 100);
    o.add("--beta1", t.run.adamw.beta1, "X", "beta1 of AdamW", 0, 0.999999);
    o.add("--beta2", t.run.adamw.beta2, "X", "beta2 of AdamW", 0, 0.9999999);
    o.add("--eps", t.run.adamw.eps, "X", "epsilon of AdamW", 1e-20, 1);
    o.add("--micro-batch", t.run.step.part_images, Kind::kPlain, "N",
          "images in a micro-batch: only its activations are kept, and they are computed twice; "
          "the loss is still that of the whole batch; 0: the whole batch",
          0, 1 << 20);
    train::LearningSettings& learning = t.run.learning;
    o.add("--freeze", learning.freeze, "LIST",
          "parts that do not learn: vision, text (the towers), scale (and bias of the logits)")
        .checked_by(train::check_freeze);
    o.add("--unfreeze-last", learning.unfreeze_last, Kind::kPlain, "N",
          "the last N blocks of frozen towers, and what is behind them, learn all the same", 0,
          1024);
    o.add("--lr-vision", learning.vision_rate, "X",
          "peak learning rate of the image tower; 0: --lr", 0, 1e3);
    o.add("--lr-text", learning.text_rate, "X", "peak learning rate of the text tower; 0: --lr", 0,
          1e3);
    o.add("--lr-new", learning.new_rate, "X",
          "peak learning rate of what CLIP lacks: mixture tokens of Llip, readout of Llip and "
          "FLAIR, Prompter and box head of CLOC; 0: --lr",
          0, 1e3);
    o.add("--layer-decay", learning.layer_decay, "X",
          "learning rate of a block, as a share of that of the block behind it", 1e-3, 1);
    o.add(
        "--lora", learning.lora_rank, Kind::kPlain, "RANK",
        "in towers that are not frozen, learn low-rank additions to the matrices of attention and "
        "MLP instead of the weights; 0: the weights",
        0, 65536);
    o.add("--lora-alpha", learning.lora_alpha, "X",
          "what is added counts X / RANK times; 0: X is RANK", 0, 1e6);
    o.add("--clip-grad", t.run.clip_gradients, "X",
          "clip the gradient to this norm; 0: no clipping", 0, 1e9);
    o.add("--ema", t.run.ema, "X",
          "save the exponential moving average of the weights with this decay, for example 0.999; "
          "0: save the weights themselves",
          0, 0.9999999);
}

void add_texts_and_images(cli::Options& o, TrainOptions& t) {
    using cli::Kind;
    train::SamplerSettings& sampler = t.run.data.sampler;
    train::PoolSettings& pool = sampler.pool;
    train::PixelSettings& pixels = t.run.data.pixels;
    o.group("texts and images");
    o.add("--texts-per-image", t.texts_per_image, Kind::kPlain, "K",
          "texts drawn for an image, without repetition until its pool is used up; 0: default of "
          "the method",
          0, 256);
    o.choice("--texts", t.sentences,
             {{"auto", std::nullopt}, {"captions", false}, {"sentences", true}},
             "pool that texts are drawn from: whole captions, or long captions by sentence. auto: "
             "default of the method");
    o.add("--sources", pool.sources, "LIST",
          "captions in the pool: SOURCE[:FORM][=WEIGHT]; an entry with a form takes precedence. "
          "Weight 0 removes captions. Default: all, with weight 1");
    o.add("--skip-flags", pool.skip_flags, "LIST",
          "leave out captions with these flags, or only sentence N if the flag is FLAG@N; "
          "truncated leaves out only the last sentence")
        .checked_by(train::check_skip_flag);
    o.add("--merge", sampler.merge, Kind::kPlain, "M",
          "join 1 to M neighbouring sentences of a caption to one text", 1, 64);
    o.choice(
        "--merge-mode", sampler.merge_mode,
        {{"consecutive", train::MergeMode::kConsecutive}, {"diverse", train::MergeMode::kDiverse}},
        "sentences that --merge joins; diverse: half the time any other sentences of the pool "
        "instead of the neighbours");
    o.flag("--raw-first", sampler.raw_first, "make the raw caption the first text of an image",
           true);
    o.add("--image-size", t.image_size, Kind::kPlain, "N",
          "side of the model's input in pixels; 0: default of the architecture", 0, 4096);
    o.add("--context-length", t.context_length, Kind::kPlain, "N",
          "context length in tokens; 0: default of the architecture", 0, 4096);
    o.choice("--resize-mode", t.resize_mode, {"auto", "shortest", "longest", "squash"},
             "how images without random crops are made square, here and in all tools that use the "
             "model: fit the short side and cut the ends off; fit the long side and pad; or fit "
             "both sides. auto: default of the architecture, or longest with regions");
    o.choice("--augment", pixels.augment,
             {{"none", train::Augment::kNone},
              {"crop", train::Augment::kCrop},
              {"strong", train::Augment::kStrong}},
             "image augmentation: the centre crop of the evaluation; random resized crops; or "
             "these with changes of colour and shape, see IMAGES. With regions: none");
    o.add("--crop-scale", pixels.crop_scale, "A",
          "smallest area of a random crop, as a fraction of the image; 0.2 with --augment strong",
          0.01, 1);
    o.add("--flip", pixels.flip, "P",
          "probability that a crop is mirrored; mirroring contradicts captions that name left and "
          "right",
          0, 1);
    o.flag("--exact-decode", pixels.exact_decode,
           "decode every pixel of the image for a crop, as other programs do; slower, see IMAGES",
           true);
}

void add_released_code(cli::Options& o, TrainOptions& t) {
    o.group("compatibility");
    o.choice("--compat", t.released_code, {{"none", false}, {"dreamlip-code", true}},
             "sample texts as the code released with DreamLIP does: sets --texts-per-image 7, "
             "--raw-first and the options below, except those that are given");
    o.choice("--splitter", t.run.data.sampler.pool.splitter,
             {{"record", train::Splitter::kRecord}, {"dreamlip", train::Splitter::kDreamlip}},
             "sentences of the pool: those of the record; or long and short captions split at "
             "every line feed, period and </s>");
    o.flag("--drop-last-piece", t.drop_last_piece,
           "begin no text with the last piece of the pool, or with --merge M the last M+1", true);
    o.flag("--period-join", t.run.data.sampler.period_join,
           "join merged pieces with a period and a space, across the borders of captions too",
           true);
    o.choice("--pool-order", t.run.data.sampler.pool.order,
             {{"record", train::PoolOrder::kRecord},
              {"csv", train::PoolOrder::kCsv},
              {"json", train::PoolOrder::kJson}},
             "order of the captions in the pool: that of the record, or of a reader of the "
             "released code");
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
    const bool of_method = train::method_facts(t.run.method).regions;
    if (of_method && given.given("regions") && !t.regions)
        throw cli::UsageError(
            "--no-regions: --method " + t.run.method +
            " always learns from regions (--method clip is the same without them)");
    if (!t.regions && !of_method) return;
    train::PixelSettings& pixels = t.run.data.pixels;
    if (!given.given("augment")) pixels.augment = train::Augment::kNone;
    if (!given.given("resize-mode")) t.resize_mode = "longest";
    if (pixels.augment != train::Augment::kNone)
        throw cli::UsageError(
            "--augment: boxes of regions apply to the whole image, not to crops (--augment none)");
    if (pixels.flip > 0)
        throw cli::UsageError(
            "--flip: boxes and phrases of regions do not apply to a mirrored image (--flip 0)");
}

// What a model brings with it need not be said.
void set_start(const cli::Options& given, TrainOptions& t) {
    if (t.init.empty() && given.on_command_line("init"))
        throw cli::UsageError("--init: the name is empty (an unset variable?)");
    if (!t.init.empty() && !given.given("arch")) t.arch.clear();
    if (t.init.empty() && given.on_command_line("stretch-text"))
        throw cli::UsageError("--stretch-text needs --init");
}

void check_learning(const TrainOptions& t) {
    const train::LearningSettings& s = t.run.learning;
    const bool vision = is_frozen(s, "vision"), text = is_frozen(s, "text");
    if (s.unfreeze_last > 0 && !vision && !text)
        throw cli::UsageError("--unfreeze-last: no tower is frozen (--freeze vision)");
    if (s.lora_rank > 0 && t.init.empty())
        throw cli::UsageError("--lora adds to the weights of a model (--init MODEL)");
    if (s.lora_rank == 0 && s.lora_alpha > 0) throw cli::UsageError("--lora-alpha needs --lora");
    if (s.unfreeze_last == 0 && ((vision && s.vision_rate > 0) || (text && s.text_rate > 0)))
        throw cli::UsageError("--lr-vision, --lr-text: a tower that is frozen has no rate");
    if (t.run.schedule.peak == 0 && (s.vision_rate > 0 || s.text_rate > 0 || s.new_rate > 0))
        throw cli::UsageError(
            "--lr-vision, --lr-text and --lr-new follow the schedule of --lr, "
            "which must not be 0");
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
            "--flip and --exact-decode need random crops, which --augment none does not make (it "
            "always decodes every pixel)");
}

void add_run(cli::Options& o, TrainOptions& t) {
    using cli::Kind;
    o.group("train");
    std::vector<std::string> names;
    for (const train::MethodFacts& method : train::kMethodFacts) names.emplace_back(method.name);
    o.choice("--method", t.run.method, names, "training method: its loss and its defaults");
    o.add_repeated("--set", t.settings, "METHOD.KEY=VALUE",
                   "change a setting of the method, in addition to those of --config; see SETTINGS")
        .merges_keys = true;
    o.add("--arch", t.arch, "NAME|FILE",
          "architecture of the model: a name of open_clip, demo, or a JSON file; with --init, that "
          "of the model");
    o.add("--init", t.init, "MODEL",
          "start from a model: a checkpoint, a run, or whatever checkpoint import reads; without "
          "--arch and --tokenizer the run has those of the model, see FINE-TUNING");
    o.choice("--stretch-text", t.run.stretch,
             {{"keep-first-20", model::Stretch::kKeepFirst20},
              {"interpolate", model::Stretch::kInterpolate}},
             "with --init and another --context-length, how text positions are stretched: the "
             "first 20 stay and the others are spread, or all are spread");
    o.add(
        "--distill", t.distill, "MODEL",
        "keep the matches of images and texts that this model finds, for example those of --init: "
        "its cross-entropy with them is added to the loss, see FINE-TUNING");
    o.add("--distill-weight", t.run.step.distill_weight, "X", "weight of --distill in the loss",
          1e-6, 1e6);
    o.add("--init-bias", t.init_bias, "X|prior",
          "initial bias of the logits of a sigmoid loss (siglip, llip, flair), -100 to 100, by "
          "default -10; prior: -ln(batch size - 1), for batches below about 1,000 images");
    o.add("--tokenizer", t.tokenizer, "FILE",
          "SentencePiece model, CLIP vocabulary or folder; with --init, that of the model");
    o.add_repeated("--data", t.run.data.shards, "SHARDS[=WEIGHT]",
                   "training data: a shard, a folder, a manifest or a quoted pattern; its images "
                   "are drawn WEIGHT times as often as those of weight 1")
        .required();
    o.add("-o,--output", t.run.run_folder, "RUN", "folder of the run").required().in_config = false;
    o.flag("-f,--force", t.run.replace, "start afresh and replace an existing run in RUN")
        .not_with({"resume"})
        .in_config = false;
    cli::Option& resume =
        o.flag("--resume", t.run.resume,
               "continue from the newest checkpoint in RUN, or start if there is none");
    resume.in_config = false;
    resume.meant_by = {"if-exists"};
    o.add("--checkpoint-every", t.run.checkpoint_every, "N|TIME",
          "interval between checkpoints: steps, or a duration such as 30m");
    o.add("--keep", t.run.keep, Kind::kPlain, "N", "number of newest checkpoints to keep; 0: all");
    o.add("--log-every", t.run.log_every, Kind::kPlain, "N",
          "number of steps between lines of metrics.jsonl", 1);
    o.flag("--tensorboard", t.run.tensorboard,
           "also write the metrics for TensorBoard, to RUN/tensorboard");
    o.add("--rank-timeout", t.rank_timeout_s, Kind::kDuration, "TIME",
          "with several ranks, fail if another rank has been silent this long; see RANKS", 1);
    o.choice("--rank-backend", t.rank_backend,
             {{"auto", tensor::Exchanger::kAuto},
              {"gloo", tensor::Exchanger::kGloo},
              {"nccl", tensor::Exchanger::kNccl}},
             "with several ranks, communication backend for tensors of CUDA devices; auto: NCCL "
             "where possible, see RANKS");
    o.flag(
        "--ring", t.run.step.ring,
        "with several ranks and siglip, llip or flair, pass the texts from rank to rank instead of "
        "gathering all of them; no effect with one rank, see RANKS",
        true);
    o.add("--seed", t.seed, Kind::kPlain, "N",
          "random seed of weights, sample order, crops and drawn texts")
        .environment = "LIP_SEED";
}

void add_evaluation(cli::Options& o, TrainOptions& t) {
    using cli::Kind;
    o.group("evaluation");
    o.add_repeated("--eval-data", t.eval.inputs, "INPUT",
                   "images with captions, as shards or records, to evaluate checkpoints on");
    o.add("--image-root", t.eval.image_root, "DIR",
          "folder where relative image paths in the records of --eval-data start. Default: the "
          "folder of the record file");
    o.add("--eval-every", t.run.evaluate_every, Kind::kPlain, "N",
          "evaluate every N-th checkpoint, and the last of the run", 1);
    o.add("--classes", t.eval.classes, "FILE",
          "also evaluate zero-shot classification into these classes; see zeroshot(1)");
    o.add("--templates", t.eval.templates, "NAME|FILE",
          "prompt templates for the names of the classes");
    o.group("bad samples");
    o.choice("--on-error", t.run.errors.skip_bad, {{"stop", false}, {"skip", true}},
             "on a bad sample, end the run, or take the next sample in its place");
    o.add("--max-errors", t.run.errors.max_errors, "N|P%",
          "fail if more samples than this are bad");
    o.add("--rejects", t.run.errors.rejects, "FILE",
          "write rejected samples to FILE, one JSON object a line");
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
    tool.features = {tensor::torch_description(), tensor::ranks_description()};
    cli::Command command{"",
                         "--data SHARDS {--tokenizer FILE | --init MODEL} -o RUN [OPTION]...",
                         tool.page.summary,
                         {},
                         [&t] { return cli::run_in_module("train", "", t); }};
    cli::Options& o = command.options;
    add_run(o, t);
    add_length_and_optimiser(o, t);
    add_texts_and_images(o, t);
    o.group("regions");
    o.flag("--regions", t.regions,
           "learn from the boxes and phrases of the records with methods other than cloc, too; see "
           "REGIONS",
           true);
    add_released_code(o, t);
    // Here, so that --print-config and config.toml say what it comes to.
    o.after_parse([&t](const cli::Options& given) {
        train::check(t.run.data.sampler.pool.sources);
        set_start(given, t);
        check_learning(t);
        set_length(given, t);
        drop_foreign_settings(given, t);
        set_released_code(given, t);
        set_regions(given, t);
        set_crops(given, t);
    });
    o.group("model");
    add_device(o, t.machine, "images in a batch, over all ranks");
    add_evaluation(o, t);
    add_common(o, t.common, "");
    o.locate_config(find_recipe);
    tool.commands.push_back(std::move(command));
    t.declared =
        &tool.commands.front().options;  // moves with the tool: its commands stay where they are
    return tool;
}

}  // namespace lip::cmd
