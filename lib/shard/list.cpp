#include "shard/list.h"

#include "cli/error.h"
#include "cli/log.h"
#include "record/content.h"
#include "record/operands.h"
#include "shard/manifest.h"
#include "shard/sample.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <mutex>
#include <set>
#include <string_view>

namespace lip::shard {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 5> kShardEndings = {".tar", ".tar.zst", ".tar.gz", ".tgz",
                                                           ".tzst"};
constexpr std::string_view kManifestEnding = ".manifest.jsonl";
// Files beside shards that need no look to know that they are none.
constexpr std::array<std::string_view, 7> kOtherEndings = {".json", ".jsonl",   ".txt", ".csv",
                                                           ".tsv",  ".parquet", ".npy"};

std::string lower_case(std::string_view name) {
    std::string out(name);
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

// By its name, else, for names that say nothing, by its content.
bool is_shard(const fs::path& path) {
    const std::string name = lower_case(path.filename().string());
    const auto ends = [&](std::string_view ending) { return name.ends_with(ending); };
    if (name.starts_with('.')) return false;
    if (std::ranges::any_of(kShardEndings, ends)) return true;
    const std::size_t dot = name.rfind('.');
    if (std::ranges::any_of(kOtherEndings, ends) ||
        (dot != name.npos && is_image_ext(name.substr(dot + 1))))
        return false;
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return false;
    try {
        return record::open_input(path.string()).kind.content == record::Content::kTar;
    } catch (const cli::DataError&) {
        return false;  // damaged, or not for us to read
    }
}

// The shards that are there can be read all the same. Said once, however often the folder is
// looked at.
void warn_of_missing(const std::string& folder) {
    static std::mutex mutex;
    static std::set<std::string> seen;
    {
        const std::lock_guard lock(mutex);
        if (!seen.insert(folder).second) return;
    }
    try {
        const std::vector<std::string> missing = missing_shards(folder);
        if (missing.empty()) return;
        const bool is_one = missing.size() == 1;
        cli::warn(folder + ": " + std::to_string(missing.size()) + (is_one ? " shard" : " shards") +
                  " of a manifest " + (is_one ? "is" : "are") + " not there (" + missing.front() +
                  (is_one ? ")" : ", ...)"));
    } catch (const cli::DataError& problem) {
        cli::warn(problem.what());
    }
}

std::vector<std::string> in_folder(const std::string& folder) {
    std::vector<std::string> shards;
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        if (!fs::is_directory(entry->path()) && is_shard(entry->path()))
            shards.push_back(entry->path().string());
    }
    if (error) throw cli::DataError(folder + ": cannot list: " + error.message());
    if (shards.empty()) {
        throw cli::DataError(folder + ": no shards in this folder");
    }
    std::sort(shards.begin(), shards.end());
    warn_of_missing(folder);
    return shards;
}

std::vector<std::string> in_manifest(const std::string& manifest) {
    std::vector<std::string> shards;
    const fs::path folder = fs::path(manifest).parent_path();
    for (const ShardInfo& info : read_manifest(manifest)) {
        shards.push_back((folder / info.name).string());
    }
    if (shards.empty()) throw cli::DataError(manifest + ": no shards in this manifest");
    return shards;
}

}  // namespace

std::vector<std::string> expand_shards(const std::string& operand) {
    if (operand == "-") return {operand};
    std::error_code error;
    const fs::file_status status = fs::status(operand, error);
    if (fs::is_directory(status)) return in_folder(operand);
    // The PREFIX that shard -o was given.
    const std::string manifest = operand + std::string(kManifestEnding);
    if (!fs::exists(status))
        return fs::exists(manifest) ? in_manifest(manifest) : record::expand_pattern(operand);
    if (operand.ends_with(kManifestEnding)) return in_manifest(operand);
    return {operand};
}

std::vector<std::string> missing_shards(const std::string& folder) {
    std::vector<std::string> missing;
    for (const ShardInfo& info : manifests_in(folder))
        if (!fs::exists(fs::path(folder) / info.name))
            missing.push_back((fs::path(folder) / info.name).string());
    std::ranges::sort(missing);
    return missing;
}

}  // namespace lip::shard
