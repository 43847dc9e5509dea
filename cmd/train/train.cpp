#include "cmd/train/train.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cli/stop.h"
#include "eval/progress_check.h"
#include "record/file.h"
#include "tensor/device.h"
#include "tensor/group.h"
#include "text/flags.h"
#include "train/frames.h"
#include "train/init.h"
#include "train/preview.h"
#include "train/trainer.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <thread>

namespace lip::cmd {
namespace {

using train::TrainSettings;

constexpr std::int64_t kEvalBatch = 64;  // images

// Options that could do nothing, or nothing good.
void check_released_code(const TrainOptions& t, const train::SamplerSettings& sampler) {
    const bool pieces = sampler.pool.splitter == train::Splitter::kDreamlip;
    if (!sampler.pool.sentences &&
        (pieces || t.drop_last_piece || sampler.period_join || sampler.merge > 1))
        throw cli::UsageError(
            "--merge and the compatibility options apply to sentences, but the texts are whole "
            "captions (--texts sentences, or --method dreamlip)");
    if (sampler.period_join && !pieces)
        throw cli::UsageError(
            "--period-join: the sentences of records keep their periods (--splitter dreamlip "
            "removes them)");
    if (sampler.merge_mode == train::MergeMode::kDiverse && sampler.merge == 1)
        throw cli::UsageError("--merge-mode diverse: nothing is merged (--merge 3)");
    if (sampler.raw_first && train::weight_of(sampler.pool.sources, "raw", "raw") == 0)
        throw cli::UsageError("--raw-first: --sources leaves out the raw caption");
}

void complete_sampler(const TrainOptions& t, const train::Method& method,
                      train::SamplerSettings& sampler) {
    sampler.texts_per_image = t.texts_per_image > 0 ? t.texts_per_image : method.texts_per_image;
    if (sampler.texts_per_image > 1 && !method.many_texts)
        throw cli::UsageError("--texts-per-image: " + t.run.method + " takes one text an image");
    train::PoolSettings& pool = sampler.pool;
    pool.sentences = t.sentences.value_or(method.sentences);
    if (t.drop_last_piece)
        pool.never_starts = sampler.merge > 1 ? static_cast<std::size_t>(sampler.merge) + 1 : 1;
    pool.one_run = sampler.period_join;
    check_released_code(t, sampler);
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

// Threads of this rank: its share of the machine, unless the launcher has given it processors of
// its own.
int rank_threads(const TrainOptions& t, const tensor::RankPlace& place) {
    const int threads = t.common.thread_count();
    const auto all = static_cast<int>(std::thread::hardware_concurrency());
    if (t.common.threads > 0 || threads * place.local_size <= all) return threads;
    return std::max(threads / place.local_size, 1);
}

// Of several ranks only the first prints messages; the others print errors, with their number.
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
                  " captions: every evaluation scores " + number(there.images * there.captions) +
                  " pairs one by one (--eval-every N evaluates fewer checkpoints)");
    if (there.captions == 0)
        cli::warn("--eval-data has no captions: retrieval recall is not computed");
    if (!t.eval.classes.empty() && there.labelled == 0)
        cli::warn(std::string("--eval-data has no image with exactly one label that is in "
                              "--classes: acc1, acc5 and mean_per_class_recall are not computed") +
                  (s.model.regions && there.regions > 0 ? ", but mAcc of boxes is" : ""));
    if (s.model.regions && there.regions == 0)
        cli::warn(
            "--eval-data has no regions: mAcc, r2t_recall@10, t2r_recall@10, acc@0.5 and mean_iou "
            "are not computed");
}

// Figures of checkpoints on --eval-data.
void set_evaluation(const TrainOptions& t, const tensor::RankPlace& place, TrainSettings& s) {
    if (t.eval.inputs.empty()) {
        if (!t.eval.classes.empty()) throw cli::UsageError("--classes needs --eval-data");
        if (!t.eval.image_root.empty()) throw cli::UsageError("--image-root needs --eval-data");
        return;
    }
    if (place.rank > 0) return;  // the first alone measures
    eval::ProgressCheckSettings settings = t.eval;
    settings.embedder = t.machine;
    settings.embedder.batch_size = kEvalBatch;
    settings.embedder.threads = s.data.threads;
    const auto check = std::make_shared<eval::ProgressCheck>(std::move(settings));
    report_eval_data(t, s, check->contents());
    s.evaluate = [check](const std::string& checkpoint) {
        train::Figures figures;
        for (const eval::Metric& metric : check->run(checkpoint))
            figures.emplace_back(metric.name, metric.value);
        return figures;
    };
}

// What the data need to know of the model, the method and the rank.
void complete_data(const TrainOptions& t, const train::Method& method,
                   const tensor::RankPlace& place, TrainSettings& s) {
    train::DataSettings& data = s.data;
    data.seed = static_cast<std::uint64_t>(t.seed);
    data.threads = rank_threads(t, place);
    data.batch_size = t.machine.batch_size;
    data.rank = place.rank;
    data.ranks = place.size;
    data.context_length = s.model.text.context_length;
    data.pixels.image_size = s.model.vision.image_size;
    data.pixels.mode = image::resize_mode(s.model.preprocess.resize_mode);
    data.pixels.bilinear = s.model.preprocess.interpolation == "bilinear";
    data.pixels.padding = s.model.preprocess.fill_color;
    if (s.model.regions)
        data.regions = {.count = s.model.cloc.regions_per_image,
                        .context_length = s.model.cloc.context_length};
    complete_sampler(t, method, data.sampler);
}

// Steps from epochs, and the warm-up from the steps.
void complete_length(const TrainOptions& t, TrainSettings& s) {
    train::Schedule& schedule = s.schedule;
    const std::int64_t batch = s.data.batch_size;
    const bool by_epochs = schedule.total_steps == 0;
    s.samples_per_epoch = train::count_samples(s.data.shards, /*may_read=*/by_epochs);
    if (by_epochs) {
        const auto images = static_cast<std::int64_t>(s.samples_per_epoch) * t.epochs;
        schedule.total_steps = std::max<std::int64_t>((images + batch / 2) / batch, 1);
    }
    schedule.warmup_steps = t.warmup.steps_of(schedule.total_steps);
    if (schedule.warmup_steps >= schedule.total_steps && schedule.total_steps > 1)
        cli::warn("--warmup is " + std::to_string(schedule.warmup_steps) + " steps of " +
                  std::to_string(schedule.total_steps) +
                  ": the learning rate never reaches --lr (--warmup 5% is usual for short runs)");
    const auto samples = static_cast<std::int64_t>(s.samples_per_epoch);
    if (samples > 0 && samples < batch) train::warn_of_small_data(s.samples_per_epoch);
}

// What keeps the run from learning, as far as a look at the data shows. A run that goes on was
// looked at before.
void look_at_data(const TrainSettings& s, const tensor::RankPlace& place) {
    if (place.rank > 0 || s.resume) return;
    train::Preview seen = train::preview(s.data, *s.tokenizer);
    seen.is_counted = s.samples_per_epoch > 0;
    report(seen, s.data);
}

// What a resumed run is compared with.
train::ResultSettings result_settings(const TrainOptions& t, const TrainSettings& s) {
    train::ResultSettings settings;
    for (const cli::Option& option : t.declared->all())
        if (option.in_config && !is_harmless(option.name))
            settings[option.name] = cli::join(option.get(), ",");
    settings["precision"] = tensor::name_of(s.step.precision);  // "auto" depends on the machine
    return settings;
}

void check_ring(const TrainOptions& t, const train::Method& method,
                const tensor::RankPlace& place) {
    if (!t.run.step.ring) return;
    if (!method.own_images_suffice)
        throw cli::UsageError(
            "--ring: " + t.run.method +
            " needs the images of all ranks, too (siglip, llip and flair do not)");
    if (place.size == 1)
        cli::warn("--ring has no effect: there is only one rank (see RANKS in train(1))");
}

// What the options say, completed by what depends on several of them, the data and the machine.
TrainSettings complete(const TrainOptions& t, const tensor::RankPlace& place) {
    const train::Method& method = train::find_method(t.run.method);
    check_ring(t, method, place);
    TrainSettings s = t.run;
    complete_model(t, method, s);
    complete_data(t, method, place, s);
    complete_length(t, s);
    look_at_data(s, place);
    s.device = tensor::resolve_device(t.machine.device, place.local_rank);
    s.step.precision = tensor::resolve_precision(t.machine.precision, s.device);
    s.step.recompute = s.step.part_images > 0;
    set_evaluation(t, place, s);
    if (place.rank > 0 && !s.errors.rejects.empty())
        s.errors.rejects += ".rank" + std::to_string(place.rank);
    s.force_rejects = s.resume || s.replace;
    s.result_settings = result_settings(t, s);
    s.config_toml = t.declared->as_toml(false);
    if (t.common.provenance) s.provenance = cli::provenance_json(t.common);
    return s;
}

// Opens and checks what the run would need, and says what it would do.
void plan(const TrainSettings& s, const tensor::RankPlace& place) {
    const train::Frames frames(s.data.shards);
    frames.read(0);  // are these shards at all?
    train::plan_streams(frames, s.data.batch_size, place.size);
    const train::RunFolder folder(s.run_folder, s.resume, s.replace);  // may it be written?
    if (const auto from = s.resume ? folder.newest() : std::filesystem::path(); !from.empty())
        cli::info("would go on from step " +
                  std::to_string(train::first_state(from, s.result_settings).step) + " (" +
                  from.string() + ")");
    model::LanguageImageModel model(s.model, s.data.seed);
    if (s.start) train::load_initial_weights(model, *s.tokenizer, *s.start, s.stretch);
    for (const std::string& line :
         train::learning_lines(model.parameters.all(), s.model, s.learning, s.schedule.peak))
        cli::info(line);
    const std::int64_t regions = s.data.regions.count;
    cli::info("would train " + s.method + " with " + std::to_string(model.parameters.count()) +
              " parameters for " + std::to_string(s.schedule.total_steps) + " steps of " +
              std::to_string(s.data.batch_size) + " images on " + s.device.str() +
              (place.size > 1 ? " and " + std::to_string(place.size - 1) + " more ranks" : "") +
              (regions > 0 ? " with up to " + std::to_string(regions) + " regions each" : "") +
              " in " + tensor::name_of(s.step.precision) + ", writing " + s.run_folder);
}

}  // namespace

int run_train(const TrainOptions& t) {
    const tensor::RankPlace place = tensor::rank_place();
    mute_other_ranks(place);
    tensor::configure_process(rank_threads(t, place), t.machine.deterministic);
    const TrainSettings settings = complete(t, place);
    if (t.common.dry_run) {
        plan(settings, place);
        return cli::kDone;
    }
    const tensor::Group ranks(place, std::chrono::seconds(t.rank_timeout_s), settings.device,
                              t.rank_backend);
    if (place.size > 1 && ranks.is_first() && settings.device.is_cuda())
        cli::info("the ranks exchange tensors over " +
                  std::string(ranks.has_nccl() ? "NCCL" : "Gloo, through the host's memory"));
    if (place.rank == 0 && cli::interrupt_is_ignored())
        cli::info(
            "SIGINT is ignored, as in background jobs of a shell script: stop this run with "
            "SIGTERM (kill " +
            std::to_string(::getpid()) + ")");
    const train::TrainResult result = train::run_training(settings, ranks);
    if (ranks.is_first()) record::Output("-", false).write(result.checkpoint + "\n");
    return result.stopped ? cli::kStopped : cli::kDone;
}

}  // namespace lip::cmd
