// checkpoint verify: all that is wrong with a checkpoint, not the first only.
#include "cli/error.h"
#include "cli/log.h"
#include "cli/values.h"
#include "cmd/checkpoint/checkpoint.h"
#include "detect/owlv2_checkpoint.h"
#include "model/checkpoint.h"
#include "model/checksums.h"
#include "record/file.h"
#include "shard/file_hash.h"
#include "tensor/device.h"
#include "train/learning.h"
#include "train/run_folder.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <set>

namespace lip::cmd {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "config.json";
constexpr const char* kWeights = "model.safetensors";
constexpr const char* kMoments = "optimizer.safetensors";
constexpr const char* kState = "state.json";
constexpr const char* kProvenance = "provenance.json";

// Looks at one checkpoint. Each check adds lines, and later checks use what earlier ones could
// read.
class Inspection {
public:
    explicit Inspection(fs::path folder) : folder_(std::move(folder)) {}

    // A line "CHECKPOINT TAB FILE TAB PROBLEM" for each problem.
    std::string run() {
        check_checksums();
        check_model();
        check_tokenizer();
        check_training();
        if (has(kProvenance)) attempt(kProvenance, [&] { check_json(kProvenance); });
        return std::move(lines_);
    }

private:
    bool has(const char* file) const { return fs::exists(folder_ / file); }
    std::string path(const char* file) const { return (folder_ / file).string(); }

    void report(const std::string& file, std::string problem) {
        std::ranges::replace(problem, '\n', ' ');
        std::ranges::replace(problem, '\t', ' ');
        lines_ += folder_.string() + "\t" + file + "\t" + problem + "\n";
    }

    // Runs a check; what it throws is a problem of the file.
    void attempt(const char* file, const std::function<void()>& check) {
        try {
            check();
        } catch (const cli::DataError& problem) {
            std::string text = problem.what();
            for (const std::string& prefix : {path(file) + ": ", folder_.string() + ": "})
                if (text.starts_with(prefix)) text.erase(0, prefix.size());
            report(file, text);
        }
    }

    bool is_there(const char* file) {
        if (has(file)) return true;
        report(file, "is missing");
        return false;
    }

    void check_checksums() {
        std::map<std::string, std::string> hashes;
        attempt(model::kChecksumsFile, [&] { hashes = model::read_checksums(folder_); });
        const std::set<std::string> reported_later = {kConfig, kWeights};
        for (const auto& [name, hash] : hashes) {
            if (!fs::exists(folder_ / name)) {
                if (!reported_later.contains(name)) report(name, "is missing");
                continue;
            }
            attempt(name.c_str(), [&, &file = name, &expected = hash] {
                if (const std::string found = shard::hash_of_file(folder_ / file);
                    found != expected)
                    report(file, "the file has changed: XXH64 is " + found + ", " +
                                     model::kChecksumsFile + " says " + expected);
            });
        }
    }

    void check_values(const char* file, const tensor::NamedTensors& tensors) {
        for (const auto& [name, value] : tensors) {
            if (!value.is_floating_point()) {
                report(file, name + " holds whole numbers, not weights");
                continue;
            }
            const std::int64_t bad = value.numel() - value.isfinite().sum().item<std::int64_t>();
            if (bad > 0)
                report(file, name + " has " + std::to_string(bad) + " of " +
                                 std::to_string(value.numel()) + " values that are not finite");
        }
    }

    void check_model() {
        if (is_there(kConfig))
            attempt(kConfig, [&] {
                is_detector_ = model::is_detector(folder_);
                config_ =
                    is_detector_ ? detect::read_owlv2_config(folder_) : model::read_config(folder_);
            });
        std::optional<tensor::NamedTensors> weights;
        if (is_there(kWeights))
            attempt(kWeights, [&] { weights = tensor::read_safetensors(path(kWeights)); });
        if (config_ && is_detector_)
            attempt(kConfig, [&] { detector_.emplace(*config_, /*seed=*/0); });
        else if (config_)
            attempt(kConfig, [&] { model_.emplace(*config_, /*seed=*/0); });
        if (!weights) return;
        check_values(kWeights, *weights);
        if (!model_ && !detector_) return;
        const model::Parameters& wanted = model_ ? model_->parameters : detector_->parameters;
        for (const std::string& problem : wanted.mismatches(*weights)) report(kWeights, problem);
    }

    void check_tokenizer() {
        attempt("tokenizer", [&] {
            const auto tokenizer = text::load_tokenizer(folder_.string());
            if (!config_) return;
            const model::TextConfig& text = config_->text;
            const std::string file = tokenizer->file_name();
            if (tokenizer->vocab_size() > text.vocab_size)
                report(file, "has " + std::to_string(tokenizer->vocab_size()) +
                                 " entries, but the model has only " +
                                 std::to_string(text.vocab_size));
            if (text.pool_type == "eos" && tokenizer->end_id() != text.eos_id)
                report(file, "ends a text with " + std::to_string(tokenizer->end_id()) +
                                 ", but the model expects " + std::to_string(text.eos_id));
        });
    }

    // What a run needs to go on.
    void check_training() {
        if (!has(kState) && !has(kMoments)) return;
        std::optional<train::RunState> state;
        if (is_there(kState)) attempt(kState, [&] { state = train::read_state(folder_); });
        if (!is_there(kMoments)) return;
        attempt(kMoments, [&] {
            const tensor::NamedTensors moments = tensor::read_safetensors(path(kMoments));
            check_values(kMoments, moments);
            if (!model_ || !state) return;
            train::AdamW optimizer(learning(*state), {});
            optimizer.load_state(moments, state->step, path(kMoments));
        });
    }

    // What is frozen in the run has no moments.
    tensor::NamedTensors learning(const train::RunState& state) const {
        const auto setting = [&](const char* name) {
            const auto found = state.settings.find(name);
            return found == state.settings.end() ? std::string() : found->second;
        };
        const auto count = [&](const char* name) -> std::int64_t {
            const std::string text = setting(name);
            return text.empty() ? 0 : cli::parse_integer(text, cli::Kind::kPlain);
        };
        const train::LearningSettings how{.freeze = cli::split_commas(setting("freeze")),
                                          .unfreeze_last = count("unfreeze-last"),
                                          .lora_rank = count("lora")};
        tensor::NamedTensors all = model_->parameters.all();
        std::erase_if(all, [&](const auto& entry) {
            return train::learns(train::place_of(entry.first, *config_), how, 1).frozen;
        });
        return all;
    }

    void check_json(const char* file) {
        if (!nlohmann::json::accept(record::read_file(path(file), 1 << 24)))
            report(file, "is not JSON");
    }

    fs::path folder_;
    std::string lines_;
    std::optional<model::ModelConfig> config_;
    bool is_detector_ = false;
    std::optional<model::LanguageImageModel> model_;
    std::optional<detect::Owlv2> detector_;
};

// The folder meant by an operand, also one that lacks what makes it a checkpoint.
fs::path folder_of(const std::string& operand) {
    for (const char* file : {kWeights, kState, model::kChecksumsFile})
        if (fs::is_regular_file(fs::path(operand) / file)) return operand;
    return model::find_checkpoint(operand);
}

}  // namespace

int checkpoint_verify(const CheckpointOptions& options) {
    record::check_can_write(options.common.output, options.common.force);
    if (options.common.dry_run) {
        cli::info("would read " + std::to_string(options.paths.size()) + " checkpoints");
        return cli::kDone;
    }
    tensor::configure_process(options.common.thread_count(), /*deterministic=*/false);
    record::Output output(options.common.output, options.common.force);
    std::size_t bad = 0;
    for (const std::string& path : options.paths) {
        std::string lines;
        try {
            lines = Inspection(folder_of(path)).run();
        } catch (const cli::DataError& problem) {  // no checkpoint at all
            std::string text = problem.what();
            if (text.starts_with(path + ": ")) text.erase(0, path.size() + 2);
            lines = path + "\t-\t" + text + "\n";
        }
        output.write(lines);
        if (!lines.empty()) ++bad;
        if (lines.empty()) cli::verbose(path + " is sound");
    }
    output.close();
    if (bad > 0)
        cli::error(std::to_string(bad) + " of " + std::to_string(options.paths.size()) +
                   " checkpoints are not sound");
    return bad > 0 ? cli::kFailed : cli::kDone;
}

}  // namespace lip::cmd
