#include "train/run_log.h"

#include "cli/error.h"
#include "cli/log.h"
#include "record/file.h"
#include "record/object.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace lip::train {
namespace {

// ,"name":value for each.
std::string members_of(const Figures& figures) {
    std::string json;
    for (const auto& [name, value] : figures) {
        json += ",\"" + name + "\":";
        record::append_score(json, value);
    }
    return json;
}

void append_line(const std::string& file, const std::string& line) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    const bool written =
        fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    const std::string why = std::strerror(errno);
    if (fd >= 0) ::close(fd);
    if (!written) throw cli::DataError(file + ": write error: " + why);
}

}  // namespace

RunLog::RunLog(std::filesystem::path run_folder, std::uint64_t samples_per_epoch, bool tensorboard)
    : run_folder_(std::move(run_folder)),
      samples_per_epoch_(samples_per_epoch),
      tensorboard_(tensorboard) {}

void RunLog::start(const RunState& state, bool from_checkpoint, const std::string& provenance) {
    cut_after(from_checkpoint ? state.step : -1);
    append(from_checkpoint ? "resume" : "start", state,
           provenance.empty() ? "" : ",\"provenance\":" + provenance);
    if (tensorboard_) events_.emplace(run_folder_ / kEventFolder, state.step, cli::utc_seconds());
}

void RunLog::train(const RunState& state, Figures figures) {
    append("train", state, members_of(figures));
    if (!events_) return;
    figures.emplace_back("epoch", epoch_of(state));
    figures.emplace_back("samples", static_cast<double>(state.samples));
    events_->append(state.step, cli::utc_seconds(), figures);
}

void RunLog::checkpoint(const RunState& state) {
    append("checkpoint", state);
}

void RunLog::evaluation(const RunState& state, const Figures& figures) {
    const std::string members = members_of(figures);
    append("eval", state, ",\"metrics\":{" + (members.empty() ? members : members.substr(1)) + "}");
    if (events_) events_->append(state.step, cli::utc_seconds(), figures, "eval/");
}

void RunLog::stop(const RunState& state) {
    append("stop", state);
}

void RunLog::cut_after(std::int64_t step) const {
    const std::string file = (run_folder_ / kMetricsFile).string();
    if (!std::filesystem::exists(file)) return;
    std::string kept;
    std::ifstream lines(file);
    for (std::string line; step >= 0 && std::getline(lines, line);) {
        const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
        const auto found = json.is_object() ? json.find("step") : json.end();
        if (found != json.end() && found->is_number_integer() && found->get<std::int64_t>() <= step)
            kept += line + "\n";
    }
    if (lines.bad()) throw cli::DataError(file + ": read error");
    record::write_file(file, kept, /*force=*/true);
}

void RunLog::append(const char* type, const RunState& state, const std::string& more) const {
    std::string line =
        std::string("{\"type\":\"") + type + "\",\"step\":" + std::to_string(state.step);
    line += ",\"epoch\":";
    record::append_score(line, epoch_of(state));
    line +=
        ",\"samples\":" + std::to_string(state.samples) + ",\"time\":\"" + cli::utc_now() + "\"";
    append_line((run_folder_ / kMetricsFile).string(), line + more + "}\n");
}

double RunLog::epoch_of(const RunState& state) const {
    if (samples_per_epoch_ == 0) return static_cast<double>(state.epoch);
    return static_cast<double>(state.samples) / static_cast<double>(samples_per_epoch_);
}

}  // namespace lip::train
