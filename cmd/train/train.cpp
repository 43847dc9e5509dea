#include "cmd/train/train.h"

#include "cli/error.h"
#include "cli/log.h"
#include "eval/progress_check.h"
#include "record/file.h"
#include "tensor/device.h"
#include "tensor/group.h"
#include "text/flags.h"
#include "train/frames.h"
#include "train/init.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <thread>

namespace lip::cmd {
namespace {

using train::TrainSettings;

constexpr std::int64_t kEvalBatch = 64;  // images
constexpr double kLargestBias = 100;
constexpr std::int64_t kLargeBatch = 1024;  // images; doc/llip.md on the bias

void check_needed(const TrainOptions& t) {
    if (t.data.empty()) throw cli::UsageError("--data SHARDS is missing");
    if (t.run_folder.empty()) throw cli::UsageError("-o RUN is missing");
    if (t.tokenizer.empty())
        throw cli::UsageError(
            "--tokenizer FILE is missing (spm_train makes one: see TOKENIZER in train(1))");
    if (std::find(t.data.begin(), t.data.end(), "-") != t.data.end())
        throw cli::UsageError("--data: standard input cannot be read again for the next epoch");
}

bool is_on_command_line(const TrainOptions& t, std::string_view name) {
    return std::ranges::any_of(t.declared->all(), [&](const cli::Option& option) {
        return option.name == name && option.origin == cli::Origin::kCommandLine;
    });
}

// Minus the logarithm of the negatives of an image: the logit of one pair being the right one.
double prior_bias(const TrainOptions& t) {
    if (t.device.batch_size < 2)
        throw cli::UsageError(
            "--init-bias prior: a batch of one image has no negatives (--batch-size 2 or more)");
    return -std::log(static_cast<double>(t.device.batch_size - 1));
}

double parse_bias(const std::string& text) {
    double bias = 0;
    try {
        bias = cli::parse_real(text);
    } catch (const cli::UsageError& problem) {
        throw cli::UsageError("--init-bias: " + std::string(problem.what()) +
                              " (a number, or prior)");
    }
    if (std::abs(bias) > kLargestBias)
        throw cli::UsageError("--init-bias: '" + text + "' must lie between -100 and 100");
    return bias;
}

// A start for large batches: the pairs of a small one first move the bias alone.
void hint_at_prior(const TrainOptions& t, const model::ModelConfig& config) {
    if (t.device.batch_size >= kLargeBatch || t.device.batch_size < 2 || !t.init.empty() ||
        t.resume || config.init_logit_bias != model::ModelConfig().init_logit_bias ||
        is_on_command_line(t, "init-bias"))
        return;
    char prior[32];
    std::snprintf(prior, sizeof prior, "%.2f", prior_bias(t));
    cli::warn("--init-bias is -10, which suits batches of thousands: with " +
              std::to_string(t.device.batch_size) +
              " images the first steps would move little but the bias (--init-bias prior starts "
              "at " +
              prior + ")");
}

// Where the bias of a sigmoid loss starts.
void set_first_bias(const TrainOptions& t, model::ModelConfig& config) {
    if (t.init_bias.empty()) {
        if (is_on_command_line(t, "init-bias"))
            throw cli::UsageError("--init-bias: '' is not a number (a number, or prior)");
    } else if (!config.has_logit_bias) {
        throw cli::UsageError("--init-bias: " + t.method + " has no bias (siglip and llip have)");
    } else {
        config.init_logit_bias = t.init_bias == "prior" ? prior_bias(t) : parse_bias(t.init_bias);
    }
    if (config.has_logit_bias) hint_at_prior(t, config);
}

model::ModelConfig model_config(const TrainOptions& t, const train::Method& method) {
    model::ModelConfig config = model::load_arch(t.arch);
    config.method = t.method;
    if (t.image_size > 0) config.vision.image_size = t.image_size;
    if (t.context_length > 0) config.text.context_length = t.context_length;
    config.regions = t.regions || method.regions;
    if (t.resize_mode != "auto") config.preprocess.resize_mode = t.resize_mode;
    for (const std::string& setting : t.settings) apply_setting(config, setting);
    method.configure(config);
    set_first_bias(t, config);
    const auto tokenizer = text::load_tokenizer(t.tokenizer);
    config.text.vocab_size = tokenizer->vocab_size();
    config.text.eos_id = tokenizer->end_id();
    config.text.pool_type = "eos";
    config.text.tokenizer = tokenizer->file_name() == "tokenizer.model" ? "sentencepiece" : "clip";
    check(config, t.arch);
    return config;
}

// Options that could do nothing, or nothing good.
void check_released_code(const TrainOptions& t, const train::PoolSettings& pool) {
    const bool pieces = t.splitter == train::Splitter::kDreamlip;
    if (!pool.sentences && (pieces || t.drop_last_piece || t.period_join || t.merge > 1))
        throw cli::UsageError(
            "--merge and the habits of released code are of sentences, but the texts are whole "
            "captions (--texts sentences, or --method dreamlip)");
    if (t.period_join && !pieces)
        throw cli::UsageError(
            "--period-join: sentences of the record have their own periods (--splitter dreamlip "
            "makes pieces without)");
    if (t.merge_mode == train::MergeMode::kDiverse && t.merge == 1)
        throw cli::UsageError("--merge-mode diverse: nothing is merged (--merge 3)");
}

train::SamplerSettings sampler_settings(const TrainOptions& t, const train::Method& method) {
    train::SamplerSettings sampler;
    sampler.texts_per_image = t.texts_per_image > 0 ? t.texts_per_image : method.texts_per_image;
    if (sampler.texts_per_image > 1 && !method.many_texts)
        throw cli::UsageError("--texts-per-image: " + t.method + " takes one text an image");
    train::PoolSettings& pool = sampler.pool;
    pool.sentences = t.texts == "auto" ? method.sentences : t.texts == "sentences";
    pool.sources = train::parse_sources(t.sources);
    const auto known = text::flag_names();
    for (const std::string& flag : t.skip_flags) {
        if (flag.find('@') != flag.npos)
            throw cli::UsageError("--skip-flags: '" + flag +
                                  "' names one sentence; the word alone means them all");
        if (std::ranges::find(known, flag) == known.end())
            throw cli::UsageError("--skip-flags: '" + flag + "' is none of " +
                                  cli::join({known.begin(), known.end()}, ", "));
    }
    pool.skip_flags = t.skip_flags;
    pool.splitter = t.splitter;
    pool.order = t.pool_order;
    if (t.drop_last_piece)
        pool.never_starts = t.merge > 1 ? static_cast<std::size_t>(t.merge) + 1 : 1;
    pool.one_run = sampler.period_join = t.period_join;
    check_released_code(t, pool);
    if (t.raw_first && train::weight_of(pool.sources, "raw", "raw") == 0)
        throw cli::UsageError("--raw-first: --sources leaves out the raw caption");
    sampler.merge = t.merge;
    sampler.merge_mode = t.merge_mode;
    sampler.raw_first = t.raw_first;
    return sampler;
}

train::RegionSettings region_settings(const model::ModelConfig& config) {
    if (!config.regions) return {};
    return {.count = config.cloc.regions_per_image, .context_length = config.cloc.context_length};
}

// Settings that do not change the weights that come out.
bool is_harmless(const std::string& name) {
    constexpr std::string_view kHarmless[] = {
        "data",       "tokenizer",   "checkpoint-every", "keep",         "log-every",
        "device",     "tensorboard", "on-error",         "max-errors",   "rejects",
        "threads",    "quiet",       "dry-run",          "progress",     "log-format",
        "provenance", "assume-tty",  "provenance-text",  "rank-timeout", "rank-backend",
        "eval-data",  "eval-every",  "classes",          "templates",    "image-root"};
    return std::find(std::begin(kHarmless), std::end(kHarmless), name) != std::end(kHarmless);
}

void set_checkpoint_interval(const std::string& text, TrainSettings& s) {
    const bool is_duration =
        !text.empty() && std::string_view("smh").find(text.back()) != std::string_view::npos;
    std::int64_t value = 0;
    try {
        value = cli::parse_integer(text, is_duration ? cli::Kind::kDuration : cli::Kind::kCount);
    } catch (const cli::UsageError& problem) {
        throw cli::UsageError("--checkpoint-every: " + std::string(problem.what()) +
                              ", and no duration such as 30m");
    }
    if (value < 1) throw cli::UsageError("--checkpoint-every: '" + text + "' must be at least 1");
    s.checkpoint_every = is_duration ? 0 : value;
    s.checkpoint_seconds = is_duration ? value : 0;
}

// Threads of this rank: its share of the machine, unless the launcher has given it processors of
// its own.
int rank_threads(const TrainOptions& t, const tensor::RankPlace& place) {
    const int threads = t.common.thread_count();
    const auto all = static_cast<int>(std::thread::hardware_concurrency());
    if (t.common.threads > 0 || threads * place.local_size <= all) return threads;
    return std::max(threads / place.local_size, 1);
}

// Of several ranks the first speaks; the others say errors, with their number.
void mute_other_ranks(const tensor::RankPlace& place) {
    if (place.rank == 0) return;
    cli::LogSettings log = cli::log_settings();
    log.tool += " (rank " + std::to_string(place.rank) + ")";
    log.threshold = cli::Level::kError;
    cli::configure_log(log);
    cli::Progress::configure(cli::Progress::Mode::kNever, false);
}

// What a measurement costs, and which figures it cannot have.
void report_eval_data(const TrainOptions& t, const TrainSettings& s,
                      const eval::ProgressCheckContents& there) {
    const auto number = [](std::int64_t n) { return std::to_string(n); };
    if (s.model.is_text_conditioned() && there.captions > 0)
        cli::info("--eval-data: " + number(there.images) + " images and " + number(there.captions) +
                  " captions, so that every measurement scores " +
                  number(there.images * there.captions) +
                  " pairs, each with vectors of its own (--eval-every N measures fewer "
                  "checkpoints)");
    if (there.captions == 0)
        cli::warn("--eval-data has no captions: there will be no recall of retrieval");
    if (!t.eval_classes.empty() && there.labelled == 0)
        cli::warn(
            std::string("--eval-data has no image whose one label is among --classes: there will "
                        "be no acc1, acc5 and mean_per_class_recall") +
            (s.model.regions && there.regions > 0 ? ", but mAcc of boxes" : ""));
    if (s.model.regions && there.regions == 0)
        cli::warn(
            "--eval-data has no regions: there will be no mAcc, r2t_recall@10, t2r_recall@10, "
            "acc@0.5 and mean_iou");
}

// Figures of checkpoints on --eval-data.
void set_evaluation(const TrainOptions& t, const tensor::RankPlace& place, TrainSettings& s) {
    if (t.eval_data.empty()) {
        if (!t.eval_classes.empty()) throw cli::UsageError("--classes is for --eval-data");
        if (!t.eval_image_root.empty()) throw cli::UsageError("--image-root is for --eval-data");
        return;
    }
    if (place.rank > 0) return;  // the first alone measures
    const auto check = std::make_shared<eval::ProgressCheck>(
        eval::ProgressCheckSettings{.inputs = t.eval_data,
                                    .classes = t.eval_classes,
                                    .templates = t.eval_templates,
                                    .image_root = t.eval_image_root,
                                    .embedder = {.model = {},
                                                 .device = s.device.str(),
                                                 .precision = t.device.precision,
                                                 .batch_size = kEvalBatch,
                                                 .threads = s.data.threads,
                                                 .deterministic = t.device.deterministic}});
    report_eval_data(t, s, check->contents());
    s.evaluate_every = t.eval_every;
    s.evaluate = [check](const std::string& checkpoint) {
        train::Figures figures;
        for (const eval::Metric& metric : check->run(checkpoint))
            figures.emplace_back(metric.name, metric.value);
        return figures;
    };
}

TrainSettings train_settings(const TrainOptions& t, const tensor::RankPlace& place) {
    const train::Method& method = train::find_method(t.method);
    if (t.ring && !method.own_images_suffice)
        throw cli::UsageError("--ring: " + t.method +
                              " needs the images of all ranks as well (siglip and llip do not)");
    if (t.ring && place.size == 1)
        cli::warn("--ring changes nothing: there is one rank (see RANKS in train(1))");
    TrainSettings s;
    s.run_folder = t.run_folder;
    s.method = t.method;
    s.model = model_config(t, method);
    s.tokenizer = t.tokenizer;
    s.data = {.shards = {},
              .seed = static_cast<std::uint64_t>(t.seed),
              .threads = rank_threads(t, place),
              .batch_size = t.device.batch_size,
              .rank = place.rank,
              .ranks = place.size,
              .context_length = s.model.text.context_length,
              .pixels = {.image_size = s.model.vision.image_size,
                         .mode = image::resize_mode(s.model.preprocess.resize_mode),
                         .bilinear = s.model.preprocess.interpolation == "bilinear",
                         .augment = t.augment,
                         .crop_scale = t.crop_scale,
                         .flip = t.flip,
                         .exact_decode = t.exact_decode},
              .sampler = sampler_settings(t, method),
              .regions = region_settings(s.model)};
    for (const std::string& operand : t.data)
        s.data.shards.push_back(train::parse_data_operand(operand));
    s.adamw = t.adamw;
    s.schedule = {.peak = t.lr,
                  .least = t.min_lr,
                  .warmup_steps = 0,
                  .total_steps = t.steps,
                  .decay = t.decay};
    set_checkpoint_interval(t.checkpoint_every, s);
    train::parse_warmup(t.warmup, 1);  // a mistake shows before the data are counted
    if (t.steps == 0) {
        s.samples_per_epoch = train::count_samples(s.data.shards);
        const auto images = static_cast<std::int64_t>(s.samples_per_epoch) * t.epochs;
        s.schedule.total_steps =
            std::max<std::int64_t>((images + t.device.batch_size / 2) / t.device.batch_size, 1);
    }
    s.schedule.warmup_steps = train::parse_warmup(t.warmup, s.schedule.total_steps);
    if (s.schedule.warmup_steps >= s.schedule.total_steps && s.schedule.total_steps > 1)
        cli::warn("--warmup is " + std::to_string(s.schedule.warmup_steps) + " steps of " +
                  std::to_string(s.schedule.total_steps) +
                  ": the learning rate never reaches --lr (--warmup 5% is usual for short runs)");
    if (s.samples_per_epoch > 0 &&
        static_cast<std::int64_t>(s.samples_per_epoch) < s.data.batch_size)
        cli::warn(
            "a batch holds more images than the data: images meet themselves as negatives "
            "(--batch-size " +
            std::to_string(s.samples_per_epoch) + " or less)");
    s.clip_gradients = t.clip_grad;
    s.ema = t.ema;
    s.init = t.init;
    s.keep = t.keep;
    s.log_every = t.log_every;
    s.resume = t.resume;
    s.tensorboard = t.tensorboard;
    s.device = tensor::resolve_device(t.device.device, place.local_rank);
    s.step.precision = tensor::resolve_precision(t.device.precision, s.device);
    s.step.recompute = t.micro_batch > 0;
    s.step.part_images = t.micro_batch;
    s.step.ring = t.ring;
    set_evaluation(t, place, s);
    s.errors = t.errors;
    if (place.rank > 0 && !s.errors.rejects.empty())
        s.errors.rejects += ".rank" + std::to_string(place.rank);
    s.force_rejects = t.resume;
    for (const cli::Option& option : t.declared->all())
        if (option.in_config && !is_harmless(option.name))
            s.result_settings[option.name] = cli::join(option.get(), ",");
    // "auto" is not the same on every machine.
    s.result_settings["precision"] = tensor::name_of(s.step.precision);
    s.config_toml = t.declared->as_toml(false);
    if (t.common.provenance) s.provenance = cli::provenance_json(t.common);
    return s;
}

}  // namespace

int run_train(TrainOptions& t) {
    check_needed(t);
    const tensor::RankPlace place = tensor::rank_place();
    mute_other_ranks(place);
    tensor::configure_process(rank_threads(t, place), t.device.deterministic);
    const TrainSettings settings = train_settings(t, place);
    if (t.common.dry_run) {
        const train::Frames frames(settings.data.shards);
        frames.read(0);  // are these shards at all?
        train::plan_streams(frames, settings.data.batch_size, place.size);
        const train::RunFolder folder(t.run_folder, t.resume);  // may it be written?
        model::LanguageImageModel model(settings.model, settings.data.seed);
        if (!t.init.empty())
            train::load_initial_weights(model, *text::load_tokenizer(t.tokenizer), t.init);
        cli::info(
            "would train " + t.method + " with " + std::to_string(model.parameters.count()) +
            " parameters for " + std::to_string(settings.schedule.total_steps) + " steps of " +
            std::to_string(t.device.batch_size) + " images on " + settings.device.str() +
            (place.size > 1 ? " and " + std::to_string(place.size - 1) + " more ranks" : "") +
            (settings.data.regions.count > 0
                 ? " with up to " + std::to_string(settings.data.regions.count) + " regions each"
                 : "") +
            " in " + tensor::name_of(settings.step.precision) + ", writing " + t.run_folder);
        return cli::kDone;
    }
    const tensor::Group ranks(place, std::chrono::seconds(t.rank_timeout), settings.device,
                              t.rank_backend);
    if (place.size > 1 && ranks.is_first() && settings.device.is_cuda())
        cli::info("tensors of the ranks go over " +
                  std::string(ranks.has_nccl() ? "NCCL" : "Gloo, through the host's memory"));
    const train::TrainResult result = train::run_training(settings, ranks);
    if (ranks.is_first()) record::Output("-", false).write(result.checkpoint + "\n");
    return result.stopped ? cli::kStopped : cli::kDone;
}

}  // namespace lip::cmd
