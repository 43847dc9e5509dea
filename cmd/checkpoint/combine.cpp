// checkpoint average and diff.
#include "cli/error.h"
#include "cli/log.h"
#include "cmd/checkpoint/checkpoint.h"
#include "model/checkpoint.h"
#include "model/lora.h"
#include "record/file.h"
#include "record/object.h"
#include "tensor/device.h"

#include <ATen/ATen.h>

#include <map>

namespace lip::cmd {
namespace {

namespace fs = std::filesystem;
using tensor::NamedTensors;

NamedTensors weights_of(const fs::path& folder) {
    return tensor::read_safetensors((folder / "model.safetensors").string());
}

// LoRA's matrices are multiplied: the mean is that of the products.
model::ModelConfig merged_config(const fs::path& folder) {
    model::ModelConfig config = model::read_config(folder);
    config.lora = {};
    return config;
}
NamedTensors merged_weights(const fs::path& folder) {
    model::ModelConfig config = model::read_config(folder);
    NamedTensors weights = weights_of(folder);
    model::merge_lora(config, weights);
    return weights;
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
    const fs::path first = model::find_checkpoint(options.paths.front());
    const model::ModelConfig config = merged_config(first);
    std::vector<fs::path> folders;
    for (const std::string& path : options.paths) {
        folders.push_back(model::find_checkpoint(path));
        if (model::to_json(merged_config(folders.back())) != model::to_json(config))
            throw cli::DataError(folders.back().string() +
                                 ": its configuration differs from that of " + first.string());
    }
    if (options.common.dry_run) {
        cli::info("would average " + std::to_string(folders.size()) + " checkpoints");
        return cli::kDone;
    }
    model::LoadedModel mean = model::merged(model::load_model(first, at::kCPU));
    const at::NoGradGuard no_grad;
    std::map<std::string, at::Tensor> sum;  // in double: the order of few addends hardly counts
    for (std::size_t i = 0; i < folders.size(); ++i)
        for (const auto& [name, value] : merged_weights(folders[i])) {
            at::Tensor& total = sum[name];
            const at::Tensor part = value.to(at::kDouble) * share[i];
            total = total.defined() ? total.add_(part) : part;
        }
    NamedTensors averaged;
    for (const auto& [name, value] : mean.model->parameters.all())
        averaged.emplace_back(name, sum[name].to(value.scalar_type()));
    mean.model->parameters.load(averaged, first.string());
    write_folder(options.common, [&](const fs::path& folder) {
        model::save_model(folder, *mean.model, *mean.tokenizer,
                          cli::provenance_json(options.common));
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
