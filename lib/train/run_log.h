// The log of a run: metrics.jsonl, a JSON object a line, and scalars for TensorBoard. train(1) says
// what is in them.
#pragma once

#include "train/event_file.h"
#include "train/run_folder.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace lip::train {

// Of the rank that writes. Every line is written at once. All may throw DataError. One thread at a
// time.
class RunLog {
public:
    // Writes nothing. `samples_per_epoch` 0: not known; epochs are those of the samples then.
    RunLog(std::filesystem::path run_folder, std::uint64_t samples_per_epoch, bool tensorboard);

    // First of all: the run starts, or goes on from a checkpoint. Lines and events of later steps,
    // which a killed run wrote and which come again, are removed, with a line that was cut off;
    // without a checkpoint all are. `provenance` is JSON or empty.
    void start(const RunState& state, bool from_checkpoint, const std::string& provenance);

    void train(const RunState& state, Figures figures);
    void checkpoint(const RunState& state);
    void evaluation(const RunState& state, const Figures& figures);
    void stop(const RunState& state);

private:
    void cut_after(std::int64_t step) const;  // < 0: all goes
    // A line of this type; `more` are further members, each with a comma before it.
    void append(const char* type, const RunState& state, const std::string& more = "") const;
    double epoch_of(const RunState& state) const;

    std::filesystem::path run_folder_;
    std::uint64_t samples_per_epoch_;
    bool tensorboard_;
    std::optional<EventFile> events_;
};

}  // namespace lip::train
