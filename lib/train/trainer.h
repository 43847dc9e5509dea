// What a run changes: the model, its optimiser, the moving average, and how far it has come.
#pragma once

#include "train/ema.h"
#include "train/meters.h"
#include "train/optimizer.h"
#include "train/run_folder.h"
#include "train/step_warnings.h"

#include <filesystem>
#include <memory>
#include <optional>

namespace lip::train {

struct Method;
struct TrainSettings;

// How far the run has come that goes on from the checkpoint; nothing if there is none. Throws
// UsageError if it had other settings.
RunState first_state(const std::filesystem::path& checkpoint, const ResultSettings& now);

// Every rank has one; they call step() and save() together. One thread at a time. Keeps references
// to settings and ranks.
class Trainer {
public:
    // At the start of a run, or as `checkpoint` left it unless that is empty. Throws DataError, and
    // UsageError if the checkpoint has other settings.
    Trainer(const TrainSettings& settings, const tensor::Group& ranks,
            const std::filesystem::path& checkpoint);

    // An update by a batch. One whose loss or gradient is not finite is left out and counted;
    // throws DataError at the tenth of them in a row.
    StepResult step(const Batch& batch, StepWarnings& warnings);

    // The first rank writes a checkpoint, with the place in the data of all ranks' loaders, and
    // returns its path; the others return an empty one. Throws DataError.
    std::filesystem::path save(const RunFolder& folder, const Loader& loader);

    const model::LanguageImageModel& model() const { return model_; }
    const text::Tokenizer& tokenizer() const { return *tokenizer_; }
    const RunState& state() const { return state_; }

private:
    void leave_out(const Batch& batch);
    Ema* ema() { return ema_ ? &*ema_ : nullptr; }

    const TrainSettings& settings_;
    const tensor::Group& ranks_;
    const Method& method_;
    RunState state_;
    std::shared_ptr<const text::Tokenizer> tokenizer_;
    model::LanguageImageModel model_;
    std::unique_ptr<model::LanguageImageModel> teacher_;
    std::optional<Ema> ema_;
    std::optional<AdamW> optimizer_;  // of the parameters on their device
    int bad_in_a_row_ = 0;
};

}  // namespace lip::train
