#include "record/output_folder.h"

#include "cli/error.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace lip::record {
namespace {

namespace fs = std::filesystem;

fs::path without_slash(const fs::path& path) {
    return path.has_filename() ? path : path.parent_path();
}

fs::path parent_of(const fs::path& path) {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

fs::path beside(const fs::path& target, const char* what) {
    return parent_of(target) /
           ("." + target.filename().string() + what + std::to_string(::getpid()));
}

void sync(const fs::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;  // the rename itself went well
    ::fsync(fd);
    ::close(fd);
}

void move_to(const fs::path& from, const fs::path& to) {
    std::error_code failed;
    fs::rename(from, to, failed);
    if (failed) throw cli::DataError(to.string() + ": cannot be written: " + failed.message());
}

}  // namespace

void check_can_write_folder(const std::string& path, bool force,
                            std::span<const std::string_view> ours) {
    const fs::path target = without_slash(path);
    const fs::file_status status = fs::symlink_status(target);
    if (!fs::exists(status)) {
        if (!fs::is_directory(parent_of(target)))
            throw cli::DataError(path + ": the folder " + parent_of(target).string() +
                                 " does not exist");
        return;
    }
    if (!force) throw cli::DataError(path + ": exists already (-f replaces it)");
    if (!fs::is_directory(status))
        throw cli::DataError(path + ": is not a folder (remove it, or choose another name)");
    for (const auto& entry : fs::directory_iterator(target))
        if (std::ranges::find(ours, entry.path().filename().string()) == ours.end())
            throw cli::DataError(path + ": contains " + entry.path().filename().string() +
                                 ", so it is not replaced (remove it, or choose another name)");
}

OutputFolder::OutputFolder(const std::string& path, bool force,
                           std::span<const std::string_view> ours)
    : target_(without_slash(path)), temporary_(beside(target_, ".tmp.")) {
    check_can_write_folder(path, force, ours);
    std::error_code failed;
    fs::remove_all(temporary_, failed);  // of a killed process that had our number
    fs::create_directory(temporary_, failed);
    if (failed) throw cli::DataError(path + ": cannot be created: " + failed.message());
    registered_.emplace_back(temporary_.string());
}

OutputFolder::~OutputFolder() {
    std::error_code ignored;
    if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

std::string OutputFolder::add(std::string_view name) {
    const fs::path folder = temporary_ / name;
    std::error_code failed;
    fs::create_directory(folder, failed);
    if (failed) throw cli::DataError(folder.string() + ": cannot be created: " + failed.message());
    registered_.emplace_back(folder.string());
    return folder.string();
}

void OutputFolder::close() {
    sync(temporary_);
    const bool is_there = fs::exists(fs::symlink_status(target_));
    const fs::path old = beside(target_, ".old.");
    if (is_there) move_to(target_, old);
    try {
        move_to(temporary_, target_);
    } catch (...) {
        std::error_code ignored;
        if (is_there) fs::rename(old, target_, ignored);
        throw;
    }
    registered_.clear();
    temporary_.clear();
    sync(parent_of(target_));
    std::error_code ignored;
    if (is_there) fs::remove_all(old, ignored);
}

}  // namespace lip::record
