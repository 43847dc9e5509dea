#include "train/run_messages.h"

#include "tensor/device.h"
#include "tensor/linear.h"
#include "train/loop.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string_view>
#include <utility>

namespace lip::train {
namespace {

constexpr std::string_view kMainFigures[] = {"loss", "text_retrieval_recall@1",
                                             "image_retrieval_recall@1", "acc1", "mAcc"};

bool is_main(const Figures::value_type& figure) {
    return std::ranges::find(kMainFigures, figure.first) != std::end(kMainFigures);
}

std::string with_digits(double value, int digits, const char* unit = "") {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f%s", digits, value, unit);
    return text;
}

// "1 step", "2 steps".
std::string counted(std::int64_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string rounded_count(std::int64_t count) {
    const auto value = static_cast<double>(count);
    if (value >= 1e9) return with_digits(value / 1e9, 1, " B");
    if (value >= 1e5) return with_digits(value / 1e6, 1, " M");
    return std::to_string(count);
}

std::string text_of_steps(const TrainSettings& settings) {
    const DataSettings& data = settings.data;
    std::string text = counted(settings.schedule.total_steps, "step") + " of " +
                       counted(data.batch_size, "image") + " with " +
                       counted(data.sampler.texts_per_image, "text");
    if (data.regions.count > 0) text += " and up to " + counted(data.regions.count, "region");
    text += " on " + settings.device.str();
    if (data.ranks > 1) text += " and " + counted(data.ranks - 1, "more rank");
    text += std::string(" in ") + tensor::name_of(settings.step.precision);
    const bool is_onednn = tensor::products() == tensor::Products::kOneDnn;
    if (is_onednn && settings.device.is_cpu() && settings.step.precision == at::kFloat)
        text += ", products by oneDNN";
    return text;
}

std::string text_of_data(const TrainSettings& settings, const DataIdentity& data) {
    const std::string shards = counted(static_cast<std::int64_t>(data.shards), "shard");
    if (settings.samples_per_epoch == 0) return shards;
    const auto samples = static_cast<std::int64_t>(settings.samples_per_epoch);
    const double epochs =
        static_cast<double>(settings.schedule.total_steps * settings.data.batch_size) /
        static_cast<double>(samples);
    return counted(samples, "sample") + " in " + shards + ", " + with_digits(epochs, 1, " epochs");
}

}  // namespace

std::string start_message(const TrainSettings& settings, std::int64_t parameters,
                          const DataIdentity& data) {
    const std::string& arch = settings.model.name;
    return settings.method + ", " + (arch.empty() ? "" : arch + ", ") + rounded_count(parameters) +
           " parameters; " + text_of_steps(settings) + "; " + text_of_data(settings, data);
}

std::string evaluation_message(std::int64_t step, const Figures& figures) {
    std::string text = "step " + std::to_string(step) + ": evaluation:";
    if (figures.empty()) return text + " no metrics";
    double skipped = 0;
    for (const auto& [name, value] : figures)
        if (name == "skipped") skipped = value;
    const bool has_main = std::ranges::any_of(figures, is_main);
    const char* between = " ";
    for (const auto& figure : figures) {
        if (has_main && !is_main(figure)) continue;
        const auto& [name, value] = figure;
        text += std::exchange(between, ", ") + name + " " +
                (name == "loss" ? with_digits(value, 3) : with_digits(100 * value, 1, " %"));
    }
    if (skipped > 0)
        text += " (" + counted(static_cast<std::int64_t>(skipped), "image") + " left out)";
    return text;
}

}  // namespace lip::train
