#include "cli/error.h"
#include "cmd/checkpoint/checkpoint.h"

#include <unistd.h>

namespace lip::cmd {

namespace fs = std::filesystem;

void check_can_write_folder(const cli::Common& common) {
    if (common.output == "-") throw cli::UsageError("the result is a folder: name it with -o DIR");
    if (fs::exists(common.output) && !common.force)
        throw cli::DataError(common.output + ": exists already (-f replaces it)");
}

void write_folder(const cli::Common& common, const std::function<void(const fs::path&)>& fill) {
    check_can_write_folder(common);
    fs::path target = common.output;
    if (target.filename().empty()) target = target.parent_path();  // "dir/"
    fs::path temporary = target;
    temporary += ".tmp." + std::to_string(::getpid());
    std::error_code failed;
    try {
        fs::create_directories(temporary, failed);
        if (failed)
            throw cli::DataError(temporary.string() + ": cannot be created: " + failed.message());
        fill(temporary);
        fs::remove_all(target, failed);
        fs::rename(temporary, target, failed);
        if (failed)
            throw cli::DataError(target.string() + ": cannot be written: " + failed.message());
    } catch (...) {
        fs::remove_all(temporary, failed);
        throw;
    }
}

}  // namespace lip::cmd
