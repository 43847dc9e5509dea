#include "train/run_folder.h"

#include "cli/error.h"
#include "record/file.h"
#include "train/event_file.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <optional>

namespace lip::train {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kLock = ".lock";
constexpr std::string_view kPartsOfRun[] = {
    "checkpoints", "latest", ".latest.tmp", kMetricsFile, "config.toml", kEventFolder, kLock};
constexpr const char* kStreams = "lanes";  // in state.json; of old checkpoints, too

std::string step_name(std::int64_t step) {
    char name[32];
    std::snprintf(name, sizeof name, "step-%08lld", static_cast<long long>(step));
    return name;
}

std::string to_json(const RunState& s, std::int64_t optimizer_steps) {
    Json streams = Json::array();
    for (const ReadPosition& stream : s.data.streams)
        streams.push_back({stream.window, stream.offset});
    const DataIdentity& data = s.data.data;
    const Json json = {{"step", s.step},
                       {"samples", s.samples},
                       {"skipped", s.skipped},
                       {"bad_steps", s.bad_steps},
                       {"optimizer_steps", optimizer_steps},
                       {"no_text", s.no_text},
                       {"unsplit", s.unsplit},
                       {"epoch", s.epoch},
                       {kStreams, streams},
                       {"data",
                        {{"shards", data.shards},
                         {"frames", data.frames},
                         {"bytes", data.bytes},
                         {"hash", data.hash}}},
                       {"settings", s.settings}};
    return json.dump(2) + "\n";
}

void sync_folder(const fs::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    ::fsync(fd);
    ::close(fd);
}

bool is_of_run(std::string_view name) {
    return std::ranges::find(kPartsOfRun, name) != std::end(kPartsOfRun);
}

}  // namespace

RunFolder::RunFolder(fs::path path, bool resume, bool replace)
    : path_(std::move(path)), resume_(resume) {
    if (path_ == "-")
        throw cli::UsageError("-o RUN: the output is a folder, not standard output (name it)");
    const fs::file_status status = fs::status(path_);
    if (!fs::exists(status)) return;
    if (!fs::is_directory(status)) throw cli::DataError(path_.string() + ": is not a folder");
    if (resume) return;
    for (const auto& entry : fs::directory_iterator(path_)) {
        // What a run leaves that failed before its first checkpoint is overwritten.
        const std::string name = entry.path().filename().string();
        if (!is_of_run(name))
            throw cli::DataError(path_.string() + ": contains " + name +
                                 ", which is not part of a run (name another folder with -o)");
        if (name == "checkpoints" && !fs::is_empty(entry.path()) && !replace)
            throw cli::DataError(
                path_.string() +
                ": holds a run (--resume continues it, -f starts afresh, -o names another folder)");
    }
}

RunFolder::~RunFolder() {
    if (lock_ >= 0) ::close(lock_);
}

void RunFolder::open() {
    std::error_code failed;
    fs::create_directories(path_ / "checkpoints", failed);
    if (failed) throw cli::DataError(path_.string() + ": cannot be created: " + failed.message());
    const std::string file = (path_ / kLock).string();
    lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock_ < 0) throw cli::DataError(file + ": cannot be created: " + std::strerror(errno));
    // Where a file system has no locks, nothing is kept apart.
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        throw cli::DataError(path_.string() + ": another train process is using this folder");
    if (resume_) return;
    for (const std::string_view name : kPartsOfRun)
        if (name != kLock) fs::remove_all(path_ / name);
    fs::create_directory(path_ / "checkpoints");
}

std::vector<fs::path> RunFolder::checkpoints() const {
    std::vector<fs::path> found;
    if (!fs::exists(path_ / "checkpoints")) return found;
    for (const auto& entry : fs::directory_iterator(path_ / "checkpoints"))
        if (entry.path().filename().string().starts_with("step-")) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
}

fs::path RunFolder::newest() const {
    const auto all = checkpoints();
    return all.empty() ? fs::path() : all.back();
}

fs::path RunFolder::save(const model::LanguageImageModel& model, const text::Tokenizer& tokenizer,
                         const AdamW& optimizer, Ema* ema, const RunState& state,
                         const std::string& provenance, std::int64_t keep) const {
    const fs::path folder = path_ / "checkpoints";
    for (const auto& entry : fs::directory_iterator(folder))  // what a killed run left
        if (entry.path().filename().string().starts_with(".step-")) fs::remove_all(entry.path());
    const fs::path target = folder / step_name(state.step);
    if (fs::exists(target)) return target;
    const fs::path temporary =
        folder / ("." + step_name(state.step) + ".tmp." + std::to_string(::getpid()));
    fs::create_directory(temporary);
    try {
        tensor::NamedTensors for_resuming = optimizer.state();
        if (ema) std::ranges::move(ema->state(), std::back_inserter(for_resuming));
        tensor::write_safetensors((temporary / "optimizer.safetensors").string(), for_resuming, {},
                                  true);
        record::write_file((temporary / "state.json").string(), to_json(state, optimizer.steps()),
                           true);
        std::optional<Ema::Swap> averages;
        if (ema) averages.emplace(*ema);
        model::save_model(temporary, model, tokenizer, provenance);  // last: checksums of all
    } catch (...) {  // a full disk: what is there is of no use
        std::error_code ignored;
        fs::remove_all(temporary, ignored);
        throw;
    }
    sync_folder(temporary);
    fs::rename(temporary, target);
    sync_folder(folder);
    const fs::path link = path_ / ".latest.tmp";
    fs::remove(link);
    fs::create_directory_symlink(fs::path("checkpoints") / target.filename(), link);
    fs::rename(link, path_ / "latest");
    auto all = checkpoints();
    while (keep > 0 && static_cast<std::int64_t>(all.size()) > keep) {
        fs::remove_all(all.front());
        all.erase(all.begin());
    }
    return target;
}

namespace {

// What state.json holds.
struct SavedState {
    RunState state;
    std::int64_t optimizer_steps = 0;
};

SavedState read_saved(const fs::path& checkpoint) {
    const std::string file = (checkpoint / "state.json").string();
    const Json json =
        Json::parse(record::read_file(file, 1 << 20), nullptr, /*allow_exceptions=*/false);
    SavedState saved;
    RunState& state = saved.state;
    try {
        saved.optimizer_steps = json.at("optimizer_steps").get<std::int64_t>();
        state.no_text = json.at("no_text").get<std::uint64_t>();
        state.unsplit = json.at("unsplit").get<std::uint64_t>();
        const Json& data = json.at("data");
        state.data.data = {
            data.at("shards").get<std::uint64_t>(), data.at("frames").get<std::uint64_t>(),
            data.at("bytes").get<std::uint64_t>(), data.at("hash").get<std::string>()};
        state.step = json.at("step").get<std::int64_t>();
        state.samples = json.at("samples").get<std::uint64_t>();
        state.skipped = json.at("skipped").get<std::uint64_t>();
        state.bad_steps = json.at("bad_steps").get<std::uint64_t>();
        state.epoch = json.at("epoch").get<std::uint64_t>();
        for (const Json& stream : json.at(kStreams))
            state.data.streams.push_back(
                {stream.at(0).get<std::uint64_t>(), stream.at(1).get<std::uint64_t>()});
        if (state.data.streams.empty()) throw cli::DataError(file + ": has no " + kStreams);
        state.settings = json.at("settings").get<ResultSettings>();
    } catch (const nlohmann::json::exception&) {
        throw cli::DataError(file + ": is not the state of a run");
    }
    return saved;
}

}  // namespace

RunState read_state(const fs::path& checkpoint) {
    return read_saved(checkpoint).state;
}

RunState load_state(const fs::path& checkpoint, AdamW& optimizer, Ema* ema) {
    SavedState saved = read_saved(checkpoint);
    const std::string file = (checkpoint / "optimizer.safetensors").string();
    // Steps that were left out do not count for the moments: their number is not state.step.
    const tensor::NamedTensors tensors = tensor::read_safetensors(file);
    optimizer.load_state(tensors, saved.optimizer_steps, file);
    if (ema) ema->load_state(tensors, file);
    return saved.state;
}

}  // namespace lip::train
