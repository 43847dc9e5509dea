// checkpoint average and diff.
#include "cli/error.h"
#include "cli/log.h"
#include "cmd/checkpoint/checkpoint.h"
#include "model/checkpoint.h"
#include "model/method_config.h"
#include "record/file.h"
#include "record/object.h"
#include "tensor/device.h"
#include "train/init.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include <map>

namespace lip::cmd {
namespace {

namespace fs = std::filesystem;
using tensor::NamedTensors;

NamedTensors weights_of(const fs::path& folder) {
    return tensor::read_safetensors((folder / "model.safetensors").string());
}

// A checkpoint, or a model of another library. LoRA's matrices are multiplied, so that they are
// merged first: the mean is that of the products.
train::Start read_model(const std::string& path) {
    return train::read_start("average", path, {}, "");
}

std::string sides(const at::Tensor& tensor) {
    return c10::str(tensor.sizes());
}

// Settings that give equal weights another meaning.
std::string difference_of(const model::ModelConfig& a, const model::ModelConfig& b) {
    if (a.has_mixture() && b.has_mixture() && model::llip_json(a.llip) != model::llip_json(b.llip))
        return "llip: " + model::llip_json(a.llip).dump() + " there, " +
               model::llip_json(b.llip).dump() + " here";
    if (a.has_readout() != b.has_readout() || (a.has_readout() && a.method != b.method))
        return "method: " + a.method + " there, " + b.method + " here";
    if (a.asks_patches() && b.asks_patches() && a.flair.heads != b.flair.heads)
        return "flair.heads: " + std::to_string(a.flair.heads) + " there, " +
               std::to_string(b.flair.heads) + " here";
    if (a.regions && b.regions && model::cloc_json(a.cloc) != model::cloc_json(b.cloc))
        return "cloc: " + model::cloc_json(a.cloc).dump() + " there, " +
               model::cloc_json(b.cloc).dump() + " here";
    return train::model_difference(a, b);
}

// Adds `share` of the weights to the sums, in double: the order of few addends hardly counts.
void add_share(std::map<std::string, at::Tensor>& sum, const train::Start& one, double share) {
    const bool is_first = sum.empty();
    std::size_t known = 0;
    for (const auto& [name, value] : one.tensors) {
        const at::Tensor part = value.to(at::kDouble) * share;
        const auto found = sum.find(name);
        if (is_first) {
            sum[name] = part;
        } else if (found == sum.end()) {
            throw cli::DataError(one.name + ": the first model has no " + name);
        } else if (found->second.sizes() != part.sizes()) {
            throw cli::DataError(one.name + ": " + name + " is " + sides(part) +
                                 ", that of the first model " + sides(found->second) +
                                 " (models of one image size and context length have a mean)");
        } else {
            found->second.add_(part);
            ++known;
        }
    }
    if (!is_first && known < sum.size())
        throw cli::DataError(one.name + ": lacks weights that the first model has");
}

std::vector<double> shares(const CheckpointOptions& options) {
    std::vector<double> shares = options.weights;
    double sum = 0;
    for (const double share : shares) sum += share;
    if (shares.empty())
        shares.assign(options.paths.size(), 1), sum = static_cast<double>(shares.size());
    if (shares.size() != options.paths.size())
        throw cli::UsageError("--weights: " + std::to_string(shares.size()) + " numbers for " +
                              std::to_string(options.paths.size()) + " checkpoints");
    if (sum <= 0) throw cli::UsageError("--weights: the sum must be positive");
    for (double& share : shares) share /= sum;
    return shares;
}

}  // namespace

// Reads one model at a time: memory for two.
int checkpoint_average(const CheckpointOptions& options) {
    check_can_write_folder(options.common);
    const std::vector<double> share = shares(options);
    tensor::configure_process(options.common.thread_count(), /*deterministic=*/false);
    const at::NoGradGuard no_grad;
    train::Start first;
    std::map<std::string, at::Tensor> sum;
    for (std::size_t i = 0; i < options.paths.size(); ++i) {
        train::Start one = read_model(options.paths[i]);
        if (i > 0) {
            const std::string difference = difference_of(first.config, one.config);
            if (!difference.empty())
                throw cli::DataError(one.name + ": its configuration differs from that of " +
                                     first.name + " (" + difference + ")");
            if (one.tokenizer->file_bytes() != first.tokenizer->file_bytes())
                throw cli::DataError(one.name + ": its tokenizer differs from that of " +
                                     first.name);
        }
        add_share(sum, one, share[i]);
        if (i == 0) first = std::move(one);
    }
    if (options.common.dry_run) {
        cli::info("would write the mean of " + std::to_string(options.paths.size()) +
                  " models to " + options.common.output);
        return cli::kDone;
    }
    model::LanguageImageModel mean(first.config, /*seed=*/0);
    NamedTensors averaged;
    for (const auto& [name, value] : sum) averaged.emplace_back(name, value.to(at::kFloat));
    mean.parameters.load(averaged, first.name);
    write_folder(options.common, [&](const fs::path& folder) {
        model::save_model(folder, mean, *first.tokenizer, cli::provenance_json(options.common));
    });
    return cli::kDone;
}

int checkpoint_diff(const CheckpointOptions& options) {
    record::check_can_write(options.common.output, options.common.force);
    tensor::configure_process(options.common.thread_count(), /*deterministic=*/false);
    const fs::path a = model::find_checkpoint(options.paths[0]),
                   b = model::find_checkpoint(options.paths[1]);
    const NamedTensors left = weights_of(a);
    const NamedTensors right_list = weights_of(b);
    std::map<std::string, at::Tensor> right(right_list.begin(), right_list.end());
    std::string out;
    const auto line = [&](const std::string& name, const std::string& one, const std::string& two) {
        out += name + "\t" + one + "\t" + two + "\n";
    };
    const auto number = [](double value) {
        std::string text;
        record::append_score(text, value);
        return text;
    };
    for (const auto& [name, mine] : left) {
        const auto found = right.find(name);
        if (found == right.end()) {
            line(name, "only in", a.string());
            continue;
        }
        const at::Tensor x = mine.to(at::kDouble), y = found->second.to(at::kDouble);
        right.erase(found);
        if (x.sizes() != y.sizes()) {
            line(name, "shapes", "differ");
            continue;
        }
        if (x.numel() == 0) continue;
        // Not-a-number differs from everything but itself at the same place.
        const at::Tensor apart = (x - y).abs();
        if (at::allclose(x, y, options.rtol, options.atol, /*equal_nan=*/true)) continue;
        const at::Tensor relative = apart / y.abs().clamp_min(1e-300);
        line(name, number(apart.max().item<double>()), number(relative.max().item<double>()));
    }
    for (const auto& [name, value] : right) line(name, "only in", b.string());
    record::write_file(options.common.output, out, options.common.force);
    return out.empty() ? cli::kDone : cli::kFailed;
}

}  // namespace lip::cmd
