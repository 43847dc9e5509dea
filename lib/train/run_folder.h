// The folder of a training run: checkpoints, metrics.jsonl, config.toml.
#pragma once

#include "model/checkpoint.h"
#include "train/data.h"
#include "train/ema.h"
#include "train/optimizer.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace lip::train {

inline constexpr char kMetricsFile[] = "metrics.jsonl";  // in the folder: RunLog's

// Settings that change the result, by option name: a resumed run must have the same.
using ResultSettings = std::map<std::string, std::string>;

// What a checkpoint knows besides weights and moments.
struct RunState {
    std::int64_t step = 0;      // steps done, bad ones included
    std::uint64_t samples = 0;  // images seen
    std::uint64_t skipped = 0, bad_steps = 0;
    std::uint64_t no_text = 0, unsplit = 0;  // as in Batch
    std::uint64_t epoch = 0;                 // of the last sample
    DataState data;
    ResultSettings settings;
};

class RunFolder {
public:
    // Writes nothing. Without `resume` the folder must be absent or empty, or hold a run that
    // failed before its first checkpoint, or, with `replace`, any run. Throws DataError.
    RunFolder(std::filesystem::path path, bool resume, bool replace = false);

    // Makes the folder, empty but for a run that goes on, and locks it until the process ends: what
    // an earlier run left is removed here. Throws DataError, also if another process has it.
    void open();

    // The newest complete checkpoint, or an empty path.
    std::filesystem::path newest() const;

    // Writes checkpoints/step-NNNNNNNN: under a temporary name first, renamed when complete; then
    // points `latest` at it and removes all but the newest `keep` (0: keeps all). With `ema` the
    // model of the checkpoint is the average, and the weights stand with the moments. Returns its
    // path.
    std::filesystem::path save(const model::LanguageImageModel& model,
                               const text::Tokenizer& tokenizer, const AdamW& optimizer, Ema* ema,
                               const RunState& state, const std::string& provenance,
                               std::int64_t keep) const;

    const std::filesystem::path& path() const { return path_; }

    // Of the process that owns the folder; the lock is not inherited and dies with it.
    RunFolder(const RunFolder&) = delete;
    RunFolder& operator=(const RunFolder&) = delete;
    ~RunFolder();

private:
    std::vector<std::filesystem::path> checkpoints() const;  // complete ones, oldest first
    std::filesystem::path path_;
    bool resume_;
    int lock_ = -1;
};

// Reads state.json of a checkpoint, the moments, and with `ema` the weights beside the averages.
// Requires: the model holds model.safetensors. Throws DataError.
RunState load_state(const std::filesystem::path& checkpoint, AdamW& optimizer, Ema* ema);
RunState read_state(const std::filesystem::path& checkpoint);

}  // namespace lip::train
