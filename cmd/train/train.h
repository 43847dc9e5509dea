#pragma once

#include "cli/tool.h"
#include "cmd/groups/groups.h"
#include "eval/progress_check.h"
#include "tensor/group.h"
#include "train/loop.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lip::cmd {

// The first bias of a sigmoid loss.
struct InitBias {
    enum class Kind { kDefault, kPrior, kNumber } kind = Kind::kDefault;
    double value = 0;
};
// A number from -100 to 100, "prior", or "" for the default. Throws UsageError.
void from_text(std::string_view text, InitBias& bias);
std::string to_text(const InitBias& bias);

// Settings of train. `run` is what the loop gets: options fill in most of it, and train.cpp what
// depends on several, on the data or on the machine.
struct TrainOptions {
    TrainOptions();

    cli::Common common;
    train::TrainSettings run;
    // Resolved by train.cpp.
    eval::EmbedderSettings machine;     // --device, --precision, --batch-size, --deterministic
    std::string arch = "ViT-B-16";      // empty: that of init
    std::string tokenizer, init;        // file; model that the run starts from
    std::string distill;                // model whose matches it keeps
    std::vector<std::string> settings;  // --set
    InitBias init_bias;
    std::int64_t epochs = 32;  // unless run.schedule.total_steps is above 0
    train::Warmup warmup = {.is_share = true, .value = 0.05};
    std::int64_t seed = 0;
    std::int64_t texts_per_image = 0;  // 0: the method's
    std::optional<bool> sentences;     // --texts; nothing: the method's
    bool released_code = false;        // --compat dreamlip-code
    bool drop_last_piece = false;
    std::int64_t image_size = 0, context_length = 0;  // 0: the architecture's
    std::string resize_mode = "auto";
    bool regions = false;
    eval::ProgressCheckSettings eval;  // --eval-data and what belongs to it
    std::int64_t rank_timeout_s = 600;
    tensor::Exchanger rank_backend = tensor::Exchanger::kAuto;
    const cli::Options* declared = nullptr;  // for config.toml and the comparison on --resume
};

// The model of the run, its tokenizer, and the models that it starts from and keeps to.
void complete_model(const TrainOptions& options, const train::Method& method,
                    train::TrainSettings& settings);

cli::Tool train_tool(TrainOptions& options);
int run_train(const TrainOptions& options);

}  // namespace lip::cmd
