#include "train/loop.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cli/stop.h"
#include "record/file.h"
#include "train/run_log.h"
#include "train/run_messages.h"
#include "train/trainer.h"

#include <ATen/ATen.h>

#include <cstdio>
#include <memory>
#include <vector>

namespace lip::train {
namespace {

// Throws DataError unless all ranks go on from the same step.
void compare_steps(std::int64_t step, const tensor::Group& ranks) {
    const at::Tensor steps = ranks.gather(at::full({1}, step, at::TensorOptions(at::kLong)));
    if (!steps.eq(step).all().item<bool>())
        throw cli::DataError(
            "the ranks see different checkpoints: RUN must be in a file system that all machines "
            "share");
}

// The checkpoints of a run, and what they are worth on data held out. Ranks call it together.
class Checkpoints {
public:
    // `log` is null but on the first rank; `newest` is the one that the run goes on from.
    Checkpoints(const TrainSettings& settings, const RunFolder& folder, Trainer& trainer,
                const Loader& loader, RunLog* log, const std::filesystem::path& newest)
        : settings_(settings),
          folder_(folder),
          trainer_(trainer),
          loader_(loader),
          log_(log),
          newest_(newest.string()) {}

    bool is_time() const {
        const std::int64_t seconds = settings_.checkpoint_every.seconds;
        return seconds > 0 && cli::monotonic_s() - last_s_ >= static_cast<double>(seconds);
    }

    // The next, with its figures where they are due.
    void save() {
        const std::string before = newest_;
        save_to_go_on();
        if (!log_) return;
        const RunState& state = trainer_.state();
        if (newest_ != before) cli::info("saved " + newest_);  // else it was there already
        const bool is_due =
            saved_ % settings_.evaluate_every == 0 || state.step == settings_.schedule.total_steps;
        if (!settings_.evaluate || !is_due) return;
        const Figures figures = settings_.evaluate(newest_);
        log_->evaluation(state, figures);
        cli::info(evaluation_message(state.step, figures));
    }

    // The same without a word and without figures, where the run stops.
    void save_to_go_on() {
        last_s_ = cli::monotonic_s();
        const std::filesystem::path path = trainer_.save(folder_, loader_);
        if (!log_) return;
        newest_ = path.string();
        ++saved_;
        log_->checkpoint(trainer_.state());
    }

    const std::string& newest() const { return newest_; }

private:
    const TrainSettings& settings_;
    const RunFolder& folder_;
    Trainer& trainer_;
    const Loader& loader_;
    RunLog* log_;
    double last_s_ = cli::monotonic_s();
    std::int64_t saved_ = 0;
    std::string newest_;
};

// Makes the folder what a run needs, and begins its log.
std::unique_ptr<RunLog> open_log(const TrainSettings& settings, RunFolder& folder,
                                 const RunState& state, const std::filesystem::path& from) {
    folder.open();
    if (!settings.config_toml.empty())
        record::write_file((folder.path() / "config.toml").string(), settings.config_toml,
                           /*force=*/true);
    auto log =
        std::make_unique<RunLog>(folder.path(), settings.samples_per_epoch, settings.tensorboard);
    log->start(state, /*from_checkpoint=*/!from.empty(), settings.provenance);
    return log;
}

void log_start(const TrainSettings& settings, const Trainer& trainer, const Loader& loader) {
    cli::info(start_message(settings, trainer.model().parameters.count(), loader.identity()));
    if (settings.learning.is_plain()) return;
    for (const std::string& line : learning_lines(trainer.model().parameters.all(), settings.model,
                                                  settings.learning, settings.schedule.peak))
        cli::info(line);
}

void log_resume(const TrainSettings& settings, const Trainer& trainer,
                const std::filesystem::path& from) {
    if (!from.empty() && trainer.state().step >= settings.schedule.total_steps)
        cli::info("the run is complete: " + from.string());
    else if (!from.empty())
        cli::info("resuming from step " + std::to_string(trainer.state().step) + " of " +
                  std::to_string(settings.schedule.total_steps) + " (" + from.string() + ")");
}

// What any rank is asked for between two steps.
struct Wishes {
    bool stop, save;
};

Wishes gather_wishes(bool is_time_to_save, const tensor::Group& ranks) {
    const std::vector<std::int64_t> own = {cli::stop_requested(),
                                           cli::take_progress_request() || is_time_to_save};
    const at::Tensor all = ranks.sum(at::tensor(own, at::TensorOptions(at::kLong))) > 0;
    return {.stop = all[0].item<bool>(), .save = all[1].item<bool>()};
}

void show(cli::Progress& progress, std::int64_t step, double loss) {
    char note[48];
    std::snprintf(note, sizeof note, "loss %.3f", loss);
    progress.update(static_cast<std::uint64_t>(step), note);
}

}  // namespace

TrainResult run_training(const TrainSettings& settings, const tensor::Group& ranks) {
    // 1. Model, data and state: new, or as the newest checkpoint left them.
    RunFolder folder(settings.run_folder, settings.resume, settings.replace);
    ranks.wait_for_all();  // all have looked before the first writes
    const std::filesystem::path from = settings.resume ? folder.newest() : std::filesystem::path();
    Trainer trainer(settings, ranks, from);
    const RunState& state = trainer.state();
    record::ErrorLog errors(settings.errors, settings.force_rejects);
    Loader loader(settings.data, trainer.tokenizer(), state.data);
    compare_steps(state.step, ranks);

    // 2. The first rank writes; nothing before all can be read.
    const auto log = ranks.is_first() ? open_log(settings, folder, state, from) : nullptr;
    const std::int64_t total = settings.schedule.total_steps;
    if (log) log_start(settings, trainer, loader);
    if (log) log_resume(settings, trainer, from);
    cli::Progress progress("training", "steps", static_cast<std::uint64_t>(total),
                           /*on_signal=*/false, static_cast<std::uint64_t>(state.step));
    Checkpoints checkpoints(settings, folder, trainer, loader, log.get(), from);
    StepWarnings warnings;
    Meters meters;
    bool stopped = false;

    while (state.step < total) {
        // 3. Is any rank asked to stop, or to save, or is it time to?
        const Wishes wishes = gather_wishes(checkpoints.is_time(), ranks);
        stopped = wishes.stop;
        if (stopped) break;
        if (wishes.save) checkpoints.save();

        // 4. A batch, its loss, the update.
        const Batch batch = loader.next(errors);
        stopped = !batch.pixels.defined();
        if (stopped) break;
        const StepResult step = trainer.step(batch, warnings);

        // 5. Log.
        meters.add(step);
        show(progress, state.step, step.value);
        const bool is_last = state.step == total;
        if (log && (state.step % settings.log_every == 0 || is_last)) {
            if (settings.model.regions) warnings.of_regions(meters, state.step);
            warnings.of_repetitions(meters, settings.data.sampler.texts_per_image);
            log->train(state, meters.figures(state, trainer.model()));
            meters = Meters();
        }

        // 6. Save; the last step's checkpoint comes below.
        const std::int64_t every = settings.checkpoint_every.steps;
        if (!is_last && every > 0 && state.step % every == 0) checkpoints.save();
    }

    // 7. The last checkpoint, or the one to go on from.
    progress.finish();
    if (stopped)
        checkpoints.save_to_go_on();
    else
        checkpoints.save();
    if (state.skipped > 0 && log)
        cli::warn(std::to_string(state.skipped) +
                  " samples could not be used and were replaced by others (--rejects names them)");
    if (state.bad_steps > 0)
        cli::warn(std::to_string(state.bad_steps) + " of " + std::to_string(state.step) +
                  " steps were left out because their loss or gradient was not finite (a lower "
                  "--lr, or --clip-grad 1, may help)");
    if (stopped && log) {
        log->stop(state);
        cli::info("stopped by " + cli::stop_signal_name() + " after step " +
                  std::to_string(state.step) + ": saved " + checkpoints.newest() +
                  " (the same command with --resume continues)");
    }
    ranks.wait_for_all();  // the first keeps the address that all know
    if (!stopped && 2 * static_cast<std::int64_t>(state.bad_steps) > state.step)
        throw cli::DataError("most steps were not finite: the model has not been trained");
    return {.checkpoint = checkpoints.newest(), .stopped = stopped};
}

}  // namespace lip::train
