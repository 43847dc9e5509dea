#include "train/trainer.h"

#include "cli/error.h"
#include "cli/log.h"
#include "train/init.h"
#include "train/loop.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace lip::train {
namespace {

constexpr int kMostBadSteps = 10;  // in a row

std::string or_nothing(const std::string& value) {
    return value.empty() ? "not given" : value;
}

}  // namespace

RunState first_state(const std::filesystem::path& checkpoint, const ResultSettings& now) {
    if (checkpoint.empty()) return {};
    RunState state = read_state(checkpoint);
    std::string changed;
    for (const auto& [name, value] : now) {
        const auto found = state.settings.find(name);
        if (found == state.settings.end() || found->second != value)
            changed += "\n  --" + name + ": was " +
                       (found == state.settings.end() ? "not set" : or_nothing(found->second)) +
                       ", is " + or_nothing(value);
    }
    if (!changed.empty())
        throw cli::UsageError(
            "--resume: these settings differ from those of the run and would change the result "
            "(leave them as they were; or start a new run from these weights: --init RUN -o NEW):" +
            changed);
    return state;
}

namespace {

std::string keys_of(const Batch& batch) {
    std::string text;
    for (std::size_t i = 0; i < std::min<std::size_t>(batch.keys.size(), 8); ++i)
        text += (i ? ", " : "") + batch.keys[i];
    return text + (batch.keys.size() > 8 ? ", ..." : "");
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

// Of a model that make_optimizer() has seen.
tensor::NamedTensors learning(const model::LanguageImageModel& model) {
    tensor::NamedTensors some = model.parameters.all();
    std::erase_if(some, [](const auto& entry) { return !entry.second.requires_grad(); });
    return some;
}

// Of what learns; what is frozen has no gradient from here on.
AdamW make_optimizer(const model::LanguageImageModel& model, const TrainSettings& settings) {
    tensor::NamedTensors learning;
    std::vector<double> rates;
    for (const auto& [name, parameter] : model.parameters.all()) {
        const Learns how =
            learns(place_of(name, model.config), settings.learning, settings.schedule.peak);
        parameter.requires_grad_(!how.frozen);
        if (how.frozen) continue;
        learning.emplace_back(name, parameter);
        rates.push_back(how.rate);
    }
    return {learning, settings.adamw, rates};
}

}  // namespace

Trainer::Trainer(const TrainSettings& settings, const tensor::Group& ranks,
                 const std::filesystem::path& checkpoint)
    : settings_(settings),
      ranks_(ranks),
      method_(find_method(settings.method)),
      state_(first_state(checkpoint, settings.result_settings)),
      tokenizer_(settings.tokenizer),
      model_(settings.model, settings.data.seed) {
    const bool goes_on = !checkpoint.empty();
    if (goes_on) {
        const std::string weights = (checkpoint / "model.safetensors").string();
        model_.parameters.load(tensor::read_safetensors(weights), weights);
    } else if (settings.start) {
        load_initial_weights(model_, *tokenizer_, *settings.start, settings.stretch);
    }
    model_.to(settings.device);
    if (settings.teacher) {
        teacher_ = std::make_unique<model::LanguageImageModel>(settings.teacher->config, 0);
        teacher_->parameters.load(settings.teacher->tensors, settings.teacher->name);
        for (const auto& [name, parameter] : teacher_->parameters.all())
            parameter.requires_grad_(false);
        teacher_->to(settings.device);
    }
    optimizer_.emplace(make_optimizer(model_, settings));
    if (settings.ema > 0) ema_.emplace(learning(model_), settings.ema);
    if (goes_on) state_ = load_state(checkpoint, *optimizer_, ema());
    state_.settings = settings.result_settings;
}

StepResult Trainer::step(const Batch& batch, StepWarnings& warnings) {
    // 1. The loss and its gradient.
    StepSettings how = settings_.step;
    how.ranks = &ranks_;
    how.teacher = teacher_.get();
    optimizer_->zero_grad();
    StepResult result;
    result.loss = forward_backward(method_, model_, batch, how);
    result.norm = optimizer_->clip_gradients(settings_.clip_gradients).item<double>();
    result.value = result.loss.total.item<double>();

    // 2. What the step has used.
    result.counts = count_step(batch, ranks_);
    warnings.of_texts(result.counts, state_);
    state_.epoch = batch.epoch;
    state_.samples += static_cast<std::uint64_t>(result.counts.images);
    state_.skipped += static_cast<std::uint64_t>(result.counts.skipped);
    state_.no_text += static_cast<std::uint64_t>(result.counts.no_text);
    state_.unsplit += static_cast<std::uint64_t>(result.counts.unsplit);

    // 3. The update.
    result.rate = settings_.schedule.at(state_.step);
    ++state_.step;
    if (std::isfinite(result.norm) && std::isfinite(result.value)) {
        optimizer_->step(result.rate);
        model_.clamp_scale();
        if (ema_) ema_->update();
        bad_in_a_row_ = 0;
    } else {
        leave_out(batch);
    }
    warnings.of_filter(result.loss, state_.step);
    return result;
}

void Trainer::leave_out(const Batch& batch) {
    ++state_.bad_steps;
    cli::warn("step " + std::to_string(state_.step) +
              ": the loss or its gradient is not finite; left out (" + keys_of(batch) + ")");
    if (++bad_in_a_row_ >= kMostBadSteps)
        throw cli::DataError(
            "ten steps in a row had a loss or gradient that was not finite; the last with " +
            keys_of(batch) + " (a lower --lr, or --clip-grad 1, may help)");
}

std::filesystem::path Trainer::save(const RunFolder& folder, const Loader& loader) {
    state_.data = {loader.identity(), gather_positions(loader.positions(), ranks_)};
    if (!ranks_.is_first()) return {};
    return folder.save(model_, *tokenizer_, *optimizer_, ema(), state_, settings_.provenance,
                       settings_.keep);
}

}  // namespace lip::train
