#include "record/file.h"

#include "cli/error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace lip::record {
namespace {

namespace fs = std::filesystem;

std::string reason() {
    return std::strerror(errno);
}

bool is_special(const std::string& path) {
    struct stat info = {};
    return ::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
}

fs::path folder_of(const std::string& path) {
    const fs::path parent = fs::path(path).parent_path();
    return parent.empty() ? fs::path(".") : parent;
}

void sync_folder(const std::string& path) {
    const int fd = ::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;  // the rename itself went well
    ::fsync(fd);
    ::close(fd);
}

[[noreturn]] void write_failed(const std::string& path) {
    if (errno == EPIPE && path == "-") throw cli::ReaderGone();
    throw cli::DataError((path == "-" ? "" : path + ": ") + "write error: " + reason());
}

struct Descriptor {
    Descriptor(const std::string& path, int flags) : fd(::open(path.c_str(), flags | O_CLOEXEC)) {
        if (fd < 0) throw cli::DataError(path + ": cannot be read: " + reason());
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { ::close(fd); }
    int fd;
};

std::string read_all(const std::string& path, const Descriptor& file, std::size_t limit) {
    std::string bytes;
    struct stat info = {};
    if (::fstat(file.fd, &info) == 0 && info.st_size > 0)
        bytes.reserve(std::min(static_cast<std::size_t>(info.st_size), limit) + 1);
    char block[1 << 16];
    ssize_t n = 0;
    while ((n = ::read(file.fd, block, sizeof block)) > 0 && bytes.size() <= limit)
        bytes.append(block, static_cast<std::size_t>(n));
    if (n < 0) throw cli::DataError(path + ": cannot be read: " + reason());
    if (bytes.size() > limit)
        throw cli::DataError(path + ": is longer than " + std::to_string(limit) + " bytes");
    return bytes;
}

const char* kind_of_file(mode_t mode) {
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISFIFO(mode)) return "a pipe";
    return S_ISSOCK(mode) ? "a socket" : "a device";
}

}  // namespace

void check_can_write(const std::string& path, bool force) {
    if (path == "-" || is_special(path)) {
        if (path != "-" && fs::is_directory(path)) throw cli::DataError(path + ": is a folder");
        return;
    }
    if (!force && fs::exists(path))
        throw cli::DataError(path + ": exists already (-f replaces it)");
    if (!fs::is_directory(folder_of(path)))
        throw cli::DataError(path + ": the folder " + folder_of(path).string() + " does not exist");
}

Output::Output(std::string path, bool force) : path_(std::move(path)) {
    if (path_ == "-") {
        fd_ = STDOUT_FILENO;
        return;
    }
    check_can_write(path_, force);
    if (is_special(path_)) {
        fd_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
        if (fd_ < 0) throw cli::DataError(path_ + ": cannot be written: " + reason());
        return;
    }
    const std::string name = fs::path(path_).filename().string();
    temporary_.emplace(
        (folder_of(path_) / ("." + name + ".tmp." + std::to_string(::getpid()))).string());
    fd_ = ::open(temporary_->path().c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd_ < 0) {
        const std::string why = reason();
        temporary_.reset();
        throw cli::DataError(path_ + ": cannot be created: " + why);
    }
}

Output::~Output() {
    if (fd_ < 0 || path_ == "-") return;
    ::close(fd_);
    if (temporary_) ::unlink(temporary_->path().c_str());
}

void Output::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) write_failed(path_);
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

void Output::write_at(std::string_view bytes, std::size_t offset) {
    const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n != static_cast<ssize_t>(bytes.size())) write_failed(path_);
}

void Output::close() {
    if (fd_ < 0 || path_ == "-") return;
    if (temporary_ && ::fsync(fd_) != 0) write_failed(path_);
    const int fd = fd_;
    fd_ = -1;
    const bool closed = ::close(fd) == 0;
    if (!temporary_) {
        if (!closed) write_failed(path_);
        return;
    }
    if (!closed || ::rename(temporary_->path().c_str(), path_.c_str()) != 0) {
        const std::string why = reason();
        ::unlink(temporary_->path().c_str());
        throw cli::DataError(path_ + ": write error: " + why);
    }
    temporary_.reset();
    sync_folder(path_);
}

void write_file(const std::string& path, std::string_view bytes, bool force) {
    Output output(path, force);
    output.write(bytes);
    output.close();
}

std::string read_file(const std::string& path, std::size_t limit) {
    const Descriptor file(path, O_RDONLY);
    return read_all(path, file, limit);
}

std::string read_regular_file(const std::string& path, std::size_t limit) {
    struct stat info = {};
    if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
        throw cli::DataError(path + ": is " + kind_of_file(info.st_mode) + ", not a file");
    const Descriptor file(path, O_RDONLY | O_NONBLOCK);
    return read_all(path, file, limit);
}

}  // namespace lip::record
