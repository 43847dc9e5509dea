// The training loop.
#pragma once

#include "record/errors.h"
#include "train/data.h"
#include "train/event_file.h"
#include "train/init.h"
#include "train/learning.h"
#include "train/methods.h"
#include "train/optimizer.h"
#include "train/run_folder.h"
#include "train/schedule.h"
#include "train/step.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace lip::train {

// Everything a run needs. The values here are the defaults of the command line.
struct TrainSettings {
    std::string run_folder;
    std::string method = "clip";
    model::ModelConfig model;
    std::shared_ptr<const text::Tokenizer> tokenizer;
    DataSettings data;
    AdamWSettings adamw;
    LearningSettings learning;
    Schedule schedule;  // with total_steps
    double clip_gradients = 0;
    double ema = 0;  // decay of the average that checkpoints hold; 0: they hold the weights
    std::shared_ptr<const Start> start;    // whose weights the run begins with; null: random ones
    std::shared_ptr<const Start> teacher;  // whose matches the run keeps; null: nobody's
    model::Stretch stretch = model::Stretch::kKeepFirst20;  // of its text positions
    CheckpointInterval checkpoint_every;
    std::int64_t keep = 3, log_every = 10;
    bool resume = false, replace = false;  // what becomes of a run that is in the folder
    bool tensorboard = false;              // scalars in RUN/tensorboard, too
    c10::Device device = c10::Device(c10::kCPU);
    StepSettings step;
    record::StreamSettings errors;  // --on-error, --max-errors, --rejects
    bool force_rejects = false;
    ResultSettings result_settings;
    // Figures of a checkpoint on data held out; empty: none. Called by the first rank after every
    // `evaluate_every`-th checkpoint and the last.
    std::function<Figures(const std::string& checkpoint)> evaluate;
    std::int64_t evaluate_every = 1;
    std::string provenance;               // JSON, empty: none
    std::string config_toml;              // kept in the run folder
    std::uint64_t samples_per_epoch = 0;  // 0: not known
};

struct TrainResult {
    std::string checkpoint;  // the last one
    bool stopped = false;    // by a signal: go on with resume
};

// Trains until schedule.total_steps or a stop signal. Every rank calls it with the same settings
// and a run folder that all see; only the first writes there. Throws DataError, UsageError (resume
// with other settings).
TrainResult run_training(const TrainSettings& settings, const tensor::Group& ranks);

}  // namespace lip::train
