#include "train/loop.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cli/stop.h"
#include "record/file.h"
#include "record/object.h"
#include "train/event_file.h"
#include "train/init.h"
#include "train/step.h"

#include <ATen/ATen.h>

#include <sys/resource.h>

#include <cmath>
#include <cstdio>
#include <optional>

namespace lip::train {
namespace {

constexpr int kMostBadSteps = 10;      // in a row
constexpr double kMostFiltered = 0.5;  // of the pairs of regions

double peak_memory_mib() {
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    return static_cast<double>(use.ru_maxrss) / 1024;
}

// What all ranks met in a step.
struct StepCounts {
    std::int64_t images, texts, valid, no_text, unsplit, cut, skipped, regions, small_regions;
};

StepCounts count_step(const Batch& batch, std::uint64_t skipped, const tensor::Group& ranks) {
    const auto number = [](auto n) { return static_cast<std::int64_t>(n); };
    const std::vector<std::int64_t> own = {batch.pixels.size(0),
                                           number(batch.texts.size()),
                                           batch.valid.sum().item<std::int64_t>(),
                                           number(batch.no_text),
                                           number(batch.unsplit),
                                           number(batch.cut),
                                           number(skipped),
                                           number(batch.regions.phrases.size()),
                                           number(batch.small_regions)};
    const at::Tensor all = ranks.sum(at::tensor(own, at::TensorOptions(at::kLong)));
    const auto* n = all.const_data_ptr<std::int64_t>();
    return {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]};
}

// The positions of all streams, of which each rank knows its own.
std::vector<ReadPosition> gather_positions(const std::vector<ReadPosition>& own,
                                           const tensor::Group& ranks) {
    std::vector<std::int64_t> numbers;
    for (const ReadPosition& stream : own) {
        numbers.push_back(static_cast<std::int64_t>(stream.window));
        numbers.push_back(static_cast<std::int64_t>(stream.offset));
    }
    const at::Tensor all = ranks.gather(at::tensor(numbers, at::TensorOptions(at::kLong)));
    const auto* n = all.const_data_ptr<std::int64_t>();
    std::vector<ReadPosition> streams;
    for (std::int64_t i = 0; i < all.size(0); i += 2)
        streams.push_back({static_cast<std::uint64_t>(n[i]), static_cast<std::uint64_t>(n[i + 1])});
    return streams;
}

// Figures between two log lines.
struct Meters {
    double loss = 0, norm = 0, started = cli::monotonic_s();
    // A mean over the steps that have such a thing.
    struct Mean {
        const char* name;
        double sum = 0;
        std::int64_t steps = 0;
    };
    std::vector<Mean> parts;  // of the loss, and the share of pairs that the filter left out
    std::int64_t steps = 0, images = 0, texts = 0, valid = 0, cut = 0, regions = 0,
                 small_regions = 0;

    void add(const StepLoss& step, double step_loss, double step_norm, const StepCounts& counts) {
        loss += step_loss;
        norm += step_norm;
        ++steps;
        images += counts.images;
        texts += counts.texts;
        valid += counts.valid;
        cut += counts.cut;
        regions += counts.regions;
        small_regions += counts.small_regions;
        for (const auto& [name, value] : {std::pair("loss_global", step.global),
                                          {"loss_local", step.local},
                                          {"loss_region", step.region},
                                          {"loss_grounding", step.grounding}})
            if (value.defined()) add_part(name, value.item<double>());
        if (step.filtered) add_part("filtered_pairs", *step.filtered);
    }

private:
    void add_part(const char* name, double value) {
        auto known = std::ranges::find(parts, std::string_view(name), &Mean::name);
        if (known == parts.end()) known = parts.insert(parts.end(), {name});
        known->sum += value;
        ++known->steps;
    }
};

double epoch_of(const RunState& state, std::uint64_t samples_per_epoch) {
    if (samples_per_epoch == 0) return static_cast<double>(state.epoch);
    return static_cast<double>(state.samples) / static_cast<double>(samples_per_epoch);
}

std::string line_head(const char* type, const RunState& state, std::uint64_t samples_per_epoch) {
    std::string out =
        std::string("{\"type\":\"") + type + "\",\"step\":" + std::to_string(state.step);
    out += ",\"epoch\":";
    record::append_score(out, epoch_of(state, samples_per_epoch));
    return out + ",\"samples\":" + std::to_string(state.samples) + ",\"time\":\"" + cli::utc_now() +
           "\"";
}

// What a train line says.
Figures train_figures(const RunState& state, const model::LanguageImageModel& model,
                      const Meters& meters, double rate) {
    const double seconds = std::max(cli::monotonic_s() - meters.started, 1e-9);
    const auto n = static_cast<double>(std::max<std::int64_t>(meters.steps, 1));
    Figures figures = {{"loss", meters.loss / n}};
    for (const Meters::Mean& part : meters.parts)
        figures.emplace_back(part.name, part.sum / static_cast<double>(part.steps));
    figures.emplace_back("lr", rate);
    figures.emplace_back("grad_norm", meters.norm / n);
    figures.emplace_back("logit_scale", model.log_scale.detach().exp().item<double>());
    if (model.local_log_scale.defined())
        figures.emplace_back("local_logit_scale",
                             model.local_log_scale.detach().exp().item<double>());
    if (model.config.regions && model.config.cloc.region_scale == "own")
        figures.emplace_back("region_logit_scale",
                             model.region_log_scale.detach().exp().item<double>());
    if (model.logit_bias.defined())
        figures.emplace_back("logit_bias", model.logit_bias.detach().item<double>());
    figures.emplace_back("images_per_s", static_cast<double>(meters.images) / seconds);
    figures.emplace_back("texts_per_s", static_cast<double>(meters.texts) / seconds);
    const auto texts = static_cast<double>(std::max<std::int64_t>(meters.texts, 1));
    figures.emplace_back("valid_texts", static_cast<double>(meters.valid) / texts);
    figures.emplace_back("cut_texts", static_cast<double>(meters.cut) / texts);
    if (model.config.regions) {
        const auto images = static_cast<double>(std::max<std::int64_t>(meters.images, 1));
        figures.emplace_back("regions_per_image", static_cast<double>(meters.regions) / images);
        figures.emplace_back("small_regions_per_image",
                             static_cast<double>(meters.small_regions) / images);
    }
    figures.emplace_back("skipped", static_cast<double>(state.skipped));
    figures.emplace_back("no_text", static_cast<double>(state.no_text));
    figures.emplace_back("unsplit", static_cast<double>(state.unsplit));
    figures.emplace_back("bad_steps", static_cast<double>(state.bad_steps));
    figures.emplace_back("rss", peak_memory_mib());
    return figures;
}

// {"name":value,...}
std::string json_of(const Figures& figures) {
    std::string json = "{";
    for (const auto& [name, value] : figures) {
        json += (json.size() > 1 ? ",\"" : "\"") + name + "\":";
        record::append_score(json, value);
    }
    return json + "}";
}

std::string train_line(const std::string& head, const Figures& figures) {
    return head + "," + json_of(figures).substr(1);
}

void compare_settings(const ResultSettings& before, const ResultSettings& now) {
    std::string changed;
    for (const auto& [name, value] : now) {
        const auto found = before.find(name);
        if (found == before.end() || found->second != value)
            changed += "\n  --" + name + ": was " +
                       (found == before.end() ? "not set" : found->second) + ", is " + value;
    }
    if (!changed.empty())
        throw cli::UsageError(
            "--resume: these settings differ from the run's and would alter the result:" + changed);
}

std::string keys_of(const Batch& batch) {
    std::string text;
    for (std::size_t i = 0; i < std::min<std::size_t>(batch.keys.size(), 8); ++i)
        text += (i ? ", " : "") + batch.keys[i];
    return text + (batch.keys.size() > 8 ? ", ..." : "");
}

// Counts what the loaders met; says each kind once.
void count_texts(const StepCounts& counts, RunState& state) {
    if (counts.no_text > 0 && state.no_text == 0)
        cli::warn(
            "an image has no caption that can be used (see --sources, --texts and --skip-flags): "
            "it is left out, as are others like it; metrics.jsonl counts them as no_text");
    if (counts.unsplit > 0 && state.unsplit == 0)
        cli::warn(
            "a long caption is one text, cut at the context length, because its sentences are not "
            "marked: run split-captions on the records before shard(1); metrics.jsonl counts such "
            "captions as unsplit");
    state.no_text += static_cast<std::uint64_t>(counts.no_text);
    state.unsplit += static_cast<std::uint64_t>(counts.unsplit);
}

// Throws DataError unless all ranks go on from the same step.
void compare_steps(std::int64_t step, const tensor::Group& ranks) {
    const at::Tensor steps = ranks.gather(at::full({1}, step, at::TensorOptions(at::kLong)));
    if (!steps.eq(step).all().item<bool>())
        throw cli::DataError(
            "ranks see other checkpoints than each other: RUN must be in a file system that all "
            "machines share");
}

}  // namespace

TrainResult run_training(const TrainSettings& settings, const tensor::Group& ranks) {
    // Model, data and state: new, or as the newest checkpoint left them.
    const Method& method = find_method(settings.method);
    RunFolder folder(settings.run_folder, settings.resume);
    ranks.wait_for_all();  // all have looked before the first writes
    const std::filesystem::path newest =
        settings.resume ? folder.newest() : std::filesystem::path();
    if (!newest.empty()) compare_settings(read_state(newest).settings, settings.result_settings);
    const auto tokenizer = text::load_tokenizer(settings.tokenizer);
    model::LanguageImageModel model(settings.model, settings.data.seed);
    if (!newest.empty()) {
        const std::string weights = (newest / "model.safetensors").string();
        model.parameters.load(tensor::read_safetensors(weights), weights);
    }
    if (newest.empty() && !settings.init.empty())
        load_initial_weights(model, *tokenizer, settings.init);
    model.to(settings.device);
    std::optional<Ema> average;
    if (settings.ema > 0) average.emplace(model.parameters.all(), settings.ema);
    Ema* const ema = average ? &*average : nullptr;
    AdamW optimizer(model.parameters.all(), settings.adamw);
    RunState state;
    if (!newest.empty()) state = load_state(newest, optimizer, ema);
    state.settings = settings.result_settings;
    record::ErrorLog errors(settings.errors, settings.force_rejects);
    Loader loader(settings.data, *tokenizer, state.data);
    state.data.data = loader.identity();
    compare_steps(state.step, ranks);
    StepSettings step_settings = settings.step;
    step_settings.ranks = &ranks;
    const std::int64_t total = settings.schedule.total_steps;

    std::optional<EventFile> events;
    if (ranks.is_first()) {
        folder.open();
        if (settings.resume) folder.cut_metrics(newest.empty() ? -1 : state.step);
        if (!settings.config_toml.empty())
            record::write_file((folder.path() / "config.toml").string(), settings.config_toml,
                               /*force=*/true);
        folder.append_metrics(
            line_head(newest.empty() ? "start" : "resume", state, settings.samples_per_epoch) +
            (settings.provenance.empty() ? "" : ",\"provenance\":" + settings.provenance) + "}");
        if (settings.tensorboard)
            events.emplace(folder.path() / kEventFolder, state.step, cli::utc_seconds());
    }
    cli::verbose(std::to_string(model.parameters.count()) + " parameters, " +
                 std::to_string(total) + " steps of " + std::to_string(settings.data.batch_size) +
                 " images with " + std::to_string(settings.data.sampler.texts_per_image) +
                 " texts");

    cli::Progress progress("training", "steps", static_cast<std::uint64_t>(total),
                           /*on_signal=*/false, static_cast<std::uint64_t>(state.step));
    TrainResult result;
    Meters meters;
    int bad_in_a_row = 0;
    bool warned_of_filter = false, warned_of_regions = false;
    double last_save = cli::monotonic_s();
    std::int64_t saved = 0;
    const auto save = [&] {  // by all ranks together
        state.data.streams = gather_positions(loader.positions(), ranks);
        last_save = cli::monotonic_s();
        if (!ranks.is_first()) return;
        result.checkpoint =
            folder
                .save(model, *tokenizer, optimizer, ema, state, settings.provenance, settings.keep)
                .string();
        folder.append_metrics(line_head("checkpoint", state, settings.samples_per_epoch) + "}");
        const bool is_due = ++saved % settings.evaluate_every == 0 || state.step == total;
        if (!settings.evaluate || result.stopped || !is_due) return;
        const Figures figures = settings.evaluate(result.checkpoint);
        folder.append_metrics(line_head("eval", state, settings.samples_per_epoch) +
                              ",\"metrics\":" + json_of(figures) + "}");
        if (events) events->append(state.step, cli::utc_seconds(), figures, "eval/");
    };

    while (state.step < total) {
        // 1. Is any rank asked to stop, or to save, or is it time to?
        const bool by_time =
            settings.checkpoint_seconds > 0 &&
            cli::monotonic_s() - last_save >= static_cast<double>(settings.checkpoint_seconds);
        const std::vector<std::int64_t> own_wishes = {cli::stop_requested(),
                                                      cli::take_progress_request() || by_time};
        const at::Tensor wishes =
            ranks.sum(at::tensor(own_wishes, at::TensorOptions(at::kLong))) > 0;
        if (wishes[0].item<bool>()) {
            result.stopped = true;
            break;
        }
        if (wishes[1].item<bool>()) save();

        // 2. A batch and its loss.
        const std::uint64_t skipped_before = errors.skipped();
        const Batch batch = loader.next(errors);
        optimizer.zero_grad();
        const StepLoss loss = forward_backward(method, model, batch, step_settings);
        const double norm = optimizer.clip_gradients(settings.clip_gradients).item<double>();
        const double value = loss.total.item<double>();
        const StepCounts counts = count_step(batch, errors.skipped() - skipped_before, ranks);
        state.epoch = batch.epoch;
        state.samples += static_cast<std::uint64_t>(counts.images);
        state.skipped += static_cast<std::uint64_t>(counts.skipped);
        count_texts(counts, state);

        // 3. The update; a step that is not finite is left out.
        const double rate = settings.schedule.at(state.step);
        ++state.step;
        if (std::isfinite(norm) && std::isfinite(value)) {
            optimizer.step(rate);
            model.clamp_scale();
            if (ema) ema->update();
            bad_in_a_row = 0;
        } else {
            ++state.bad_steps;
            cli::warn("step " + std::to_string(state.step) +
                      ": the loss or its gradient is not finite; left out (" + keys_of(batch) +
                      ")");
            if (++bad_in_a_row >= kMostBadSteps)
                throw cli::DataError("ten steps in a row were not finite; the last with " +
                                     keys_of(batch) +
                                     " (a lower --lr, or --clip-grad 1, may help)");
        }

        // 4. Log and save.
        if (loss.filtered.value_or(0) > kMostFiltered && !warned_of_filter) {
            warned_of_filter = true;
            cli::warn(
                "step " + std::to_string(state.step) +
                ": the filter of regions finds most phrases alike and leaves out their pairs, "
                "so that little holds regions apart (--set cloc.filter_centred=true, or "
                "cloc.filter=off; filtered_pairs in metrics.jsonl is the share)");
        }
        meters.add(loss, value, norm, counts);
        char note[48];
        std::snprintf(note, sizeof note, "loss %.3f", value);
        progress.update(static_cast<std::uint64_t>(state.step), note);
        if (ranks.is_first() && (state.step % settings.log_every == 0 || state.step == total)) {
            if (model.config.regions && meters.regions == 0 && !warned_of_regions) {
                warned_of_regions = true;
                cli::warn("step " + std::to_string(state.step) + ": no image of the last " +
                          std::to_string(meters.steps) +
                          " steps has a region that could be used (\"regions\" of the records "
                          "with box and text, within what the model sees and at least 0.1 % of "
                          "it): the Prompter learns nothing from them");
            }
            Figures figures = train_figures(state, model, meters, rate);
            folder.append_metrics(
                train_line(line_head("train", state, settings.samples_per_epoch), figures));
            if (events) {
                figures.emplace_back("epoch", epoch_of(state, settings.samples_per_epoch));
                figures.emplace_back("samples", static_cast<double>(state.samples));
                events->append(state.step, cli::utc_seconds(), figures);
            }
            meters = Meters();
        }
        if (state.step < total && settings.checkpoint_every > 0 &&
            state.step % settings.checkpoint_every == 0)
            save();
    }
    progress.finish();
    save();
    if (state.bad_steps > 0)
        cli::warn(std::to_string(state.bad_steps) + " of " + std::to_string(state.step) +
                  " steps were not finite and left out (a lower --lr, or --clip-grad 1, may help)");
    if (result.stopped && ranks.is_first()) {
        folder.append_metrics(line_head("stop", state, settings.samples_per_epoch) + "}");
        cli::info("stopped by " + cli::stop_signal_name() + " after step " +
                  std::to_string(state.step) + ": saved " + result.checkpoint +
                  "; the same command with --resume goes on");
    }
    ranks.wait_for_all();  // the first keeps the address that all know
    return result;
}

}  // namespace lip::train
