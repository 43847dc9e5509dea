// OutputFolder: a folder that exists complete under its name or not at all.
#pragma once

#include "cli/stop.h"

#include <deque>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace lip::record {

// Throws DataError unless `path` can be made: it is not there, or with `force` a folder that holds
// nothing but entries of the names `ours`. A folder of other things is never replaced.
void check_can_write_folder(const std::string& path, bool force,
                            std::span<const std::string_view> ours);

// Makes ".NAME.tmp.PID" beside its target; close() renames it. Without close() the destructor
// removes it with all that is in it; a signal removes it if the files in it are record::Output.
// One thread at a time.
class OutputFolder {
public:
    // Throws as check_can_write_folder does, and if the folder cannot be made.
    OutputFolder(const std::string& path, bool force, std::span<const std::string_view> ours);
    ~OutputFolder();
    OutputFolder(const OutputFolder&) = delete;
    OutputFolder& operator=(const OutputFolder&) = delete;

    // Where it is until close().
    const std::filesystem::path& path() const { return temporary_; }
    // Makes a folder in it and says where, for the files that go there.
    std::string add(std::string_view name);
    // Requires: all files in it are closed. Throws DataError.
    void close();

private:
    std::filesystem::path target_, temporary_;
    std::deque<cli::TemporaryFile> registered_;  // a folder before those in it
};

}  // namespace lip::record
