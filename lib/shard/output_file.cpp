#include "shard/output_file.h"

#include "cli/error.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace lip::shard {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what, int error) {
    throw cli::DataError(path.string() + ": " + what + ": " + std::strerror(error));
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

std::filesystem::path temporary_of(const std::filesystem::path& target, bool replace) {
    if (!target.has_filename()) fail(target, "cannot create", EISDIR);
    std::error_code error;
    const auto status = std::filesystem::symlink_status(target, error);
    if (std::filesystem::is_directory(status)) fail(target, "cannot create", EISDIR);
    if (!replace && std::filesystem::exists(status)) {
        throw cli::DataError(target.string() + ": exists already (--force replaces it)");
    }
    return folder_of(target) /
           ("." + target.filename().string() + ".tmp." + std::to_string(::getpid()));
}

File create(const std::filesystem::path& path) {
    // A file of this name is left from a killed process that had our number.
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail(path, "cannot remove", errno);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) fail(path, "cannot create", errno);
    return File::adopt(fd, path.string());
}

void sync_folder(const std::filesystem::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) fail(folder, "cannot open", errno);
    const int error = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    // Some file systems have no sync of folders and say EINVAL: the rename itself is then all.
    if (error != 0 && error != EINVAL) fail(folder, "cannot sync", error);
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path path, bool replace)
    : target_(std::move(path)),
      temporary_(temporary_of(target_, replace)),
      file_(create(temporary_)) {}

OutputFile::OutputFile(int fd, std::string name) : file_(File::borrow(fd, std::move(name))) {}

OutputFile::~OutputFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::write(std::string_view bytes) {
    file_.write(bytes);
    hash_.update(bytes);
    bytes_ += bytes.size();
}

void OutputFile::commit() {
    if (temporary_.empty()) return;
    file_.sync_and_close();
    if (::rename(temporary_.c_str(), target_.c_str()) != 0)
        fail(target_, "cannot rename to", errno);
    temporary_.clear();
    sync_folder(folder_of(target_));
}

}  // namespace lip::shard
