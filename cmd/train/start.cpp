// The model that a run trains: its configuration, tokenizer, and the models it starts from and
// keeps to.
#include "cmd/train/train.h"

#include "cli/error.h"
#include "cli/log.h"
#include "cli/values.h"
#include "train/run_folder.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace lip::cmd {
namespace {

using train::TrainSettings;

constexpr std::int64_t kLargeBatch = 1024;  // images; doc/llip.md on the bias

// Minus the logarithm of the negatives of an image: the logit of one pair being the right one.
double prior_bias(const TrainOptions& t) {
    if (t.machine.batch_size < 2)
        throw cli::UsageError(
            "--init-bias prior: a batch of one image has no negatives (--batch-size 2 or more)");
    return -std::log(static_cast<double>(t.machine.batch_size - 1));
}

// A start for large batches: the pairs of a small one first move the bias alone.
void suggest_prior(const TrainOptions& t, const model::ModelConfig& config) {
    if (t.machine.batch_size >= kLargeBatch || t.machine.batch_size < 2 || t.run.resume ||
        config.init_logit_bias != model::ModelConfig().init_logit_bias ||
        t.declared->on_command_line("init-bias"))
        return;
    char prior[32];
    std::snprintf(prior, sizeof prior, "%.2f", prior_bias(t));
    cli::warn(
        "--init-bias is -10, which suits batches of thousands of images: with " +
        std::to_string(t.machine.batch_size) +
        " images the first steps would change little but the bias (--init-bias prior starts at " +
        prior + ")");
}

// Where the bias of a sigmoid loss starts.
void set_first_bias(const TrainOptions& t, const train::Start* start, model::ModelConfig& config) {
    using Kind = InitBias::Kind;
    if (t.init_bias.kind == Kind::kDefault) {
        if (t.declared->on_command_line("init-bias"))
            throw cli::UsageError("--init-bias: '' is not a number (a number, or prior)");
    } else if (!config.has_logit_bias) {
        throw cli::UsageError("--init-bias: " + t.run.method +
                              " has no bias (siglip, llip and flair have one)");
    } else {
        config.init_logit_bias =
            t.init_bias.kind == Kind::kPrior ? prior_bias(t) : t.init_bias.value;
    }
    if (!config.has_logit_bias) return;
    if (!start || !start->config.has_logit_bias) return suggest_prior(t, config);
    if (t.declared->on_command_line("init-bias"))
        cli::info("--init-bias is not used: the model of --init has a bias, which is kept");
}

// The model that --init names; of a run that goes on, what it has itself.
std::shared_ptr<const train::Start> start_of(const TrainOptions& t) {
    if (t.init.empty()) return nullptr;
    const bool goes_on =
        t.run.resume && !train::RunFolder(t.run.run_folder, true, false).newest().empty();
    return std::make_shared<train::Start>(
        train::read_start("--init", goes_on ? t.run.run_folder : t.init, {.arch = t.arch},
                          goes_on ? "" : t.tokenizer));
}

// What texts the tower reads, as the tokenizer makes them.
void set_texts(const text::Tokenizer& tokenizer, model::TextConfig& text) {
    text.vocab_size = tokenizer.vocab_size();
    text.eos_id = tokenizer.end_id();
    text.pool_type = "eos";
    text.tokenizer = tokenizer.kind();
}

std::shared_ptr<const text::Tokenizer> tokenizer_of(const TrainOptions& t,
                                                    const train::Start* start) {
    if (!t.tokenizer.empty()) return text::load_tokenizer(t.tokenizer);
    if (start) return start->tokenizer;
    throw cli::UsageError(
        "--tokenizer FILE is missing: spm_train makes one, see TOKENIZER in train(1); with --init "
        "the run has that of the model");
}

model::ModelConfig model_config(const TrainOptions& t, const train::Method& method,
                                TrainSettings& s) {
    const bool has_theirs = t.arch.empty();
    model::ModelConfig config = has_theirs ? s.start->config : model::load_arch(t.arch);
    config.method = t.run.method;
    if (t.image_size > 0) config.vision.image_size = t.image_size;
    if (t.context_length > 0) config.text.context_length = t.context_length;
    config.regions = t.regions || method.regions;
    config.lora = train::lora_config(t.run.learning);
    if (t.resize_mode != "auto") config.preprocess.resize_mode = t.resize_mode;
    for (const std::string& setting : t.settings) apply_setting(config, setting);
    method.configure(config);
    set_first_bias(t, s.start.get(), config);
    s.tokenizer = tokenizer_of(t, s.start.get());
    if (!has_theirs) set_texts(*s.tokenizer, config.text);
    check(config, has_theirs ? t.init : t.arch);
    return config;
}

// The model whose matches the run keeps.
std::shared_ptr<const train::Start> teacher_of(const TrainOptions& t, const train::Method& method,
                                               const TrainSettings& s) {
    if (t.distill.empty()) {
        if (t.declared->on_command_line("distill-weight"))
            throw cli::UsageError("--distill-weight needs --distill");
        return nullptr;
    }
    if (method.image_features)
        throw cli::UsageError("--distill: an image of --method " + t.run.method +
                              " has another vector for every text (other methods have one)");
    if (s.step.ring)
        throw cli::UsageError(
            "--distill compares all images with all texts, which --ring does not have");
    const bool is_start = s.start && t.distill == s.start->name;
    auto teacher = is_start ? s.start
                            : std::make_shared<train::Start>(train::read_start(
                                  "--distill", t.distill, {.arch = t.arch}, t.tokenizer));
    if (teacher->config.is_text_conditioned())
        throw cli::UsageError(
            "--distill " + t.distill + ": an image of --method " + teacher->config.method +
            " has another vector for every text (a teacher of clip, siglip or dreamlip has one)");
    if (teacher->tokenizer->file_bytes() != s.tokenizer->file_bytes())
        throw cli::UsageError(
            "--distill " + t.distill +
            ": its tokenizer differs from that of the run, whose token ids it gets");
    return teacher;
}

// Options of fine-tuning that would do nothing here.
void check_tuning(const TrainOptions& t, const TrainSettings& s) {
    const train::LearningSettings& how = s.learning;
    const std::int64_t blocks = std::max(s.model.vision.layers, s.model.text.layers);
    if (how.unfreeze_last > blocks)
        throw cli::UsageError("--unfreeze-last " + std::to_string(how.unfreeze_last) +
                              ": the towers have at most " + std::to_string(blocks) +
                              " blocks (without --freeze all of a tower learns)");
    const bool has_new = s.model.has_readout() || s.model.regions ||
                         (s.model.method == "dreamlip" && s.model.dreamlip.has_own_scale());
    if (how.new_rate > 0 && !has_new)
        throw cli::UsageError(
            "--lr-new: this model has nothing that CLIP lacks (--lr-vision and "
            "--lr-text are the rates of the towers)");
    if (is_frozen(how, "vision") && is_frozen(how, "text") && how.unfreeze_last == 0 && !has_new)
        throw cli::UsageError("--freeze: nothing is left that learns (--unfreeze-last N)");
    if (how.lora_rank > std::min(s.model.vision.width, s.model.text.width))
        throw cli::UsageError("--lora " + std::to_string(how.lora_rank) +
                              ": more than the matrices are wide (4 to 32 is usual)");
    if (s.teacher)
        cli::info("--distill " + s.teacher->name + ": its matches are kept, with weight " +
                  cli::real_text(s.step.distill_weight));
    if (!s.start || t.run.resume) return;
    if (t.declared->on_command_line("stretch-text") &&
        s.start->config.text.context_length == s.model.text.context_length)
        cli::warn("--stretch-text has no effect: texts keep their " +
                  std::to_string(s.model.text.context_length) +
                  " tokens (--context-length N sets another length)");
    if (how.lora_rank > 0 && !t.declared->on_command_line("lr"))
        cli::info("--lora with a learning rate of " + cli::real_text(s.schedule.peak) +
                  " (some ten times that of a run without is usual: --lr)");
    else if (!t.declared->given("lr"))
        cli::info("--init with a learning rate of " + cli::real_text(s.schedule.peak) +
                  ", the default for random weights (--config finetune-small has smaller ones, "
                  "--lr sets it)");
}

}  // namespace

void complete_model(const TrainOptions& t, const train::Method& method, TrainSettings& s) {
    s.start = start_of(t);
    if (!s.start &&
        std::ranges::any_of(s.learning.freeze, [](auto& word) { return word != "scale"; }))
        cli::warn("--freeze without --init: the tower keeps the random weights it starts with");
    s.model = model_config(t, method, s);
    s.teacher = teacher_of(t, method, s);
    check_tuning(t, s);
}

}  // namespace lip::cmd
