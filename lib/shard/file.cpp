#include "shard/file.h"

#include "cli/error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

namespace lip::shard {
namespace {

constexpr std::size_t kMaxTransfer = std::size_t{1} << 30;  // Linux moves at most 2 GiB a call

[[noreturn]] void fail(const std::string& name, const char* what, int error) {
    throw cli::DataError(name + ": " + what + ": " + std::strerror(error));
}

}  // namespace

File File::open(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail(path.string(), "cannot open", errno);
    File file = adopt(fd, path.string());
    struct stat status {};
    if (::fstat(fd, &status) != 0) fail(file.name_, "cannot stat", errno);
    if (S_ISDIR(status.st_mode)) fail(file.name_, "cannot read", EISDIR);
    return file;
}

File::File(File&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), owned_(other.owned_), name_(std::move(other.name_)) {}

File& File::operator=(File&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = std::exchange(other.fd_, -1);
        owned_ = other.owned_;
        name_ = std::move(other.name_);
    }
    return *this;
}

File::~File() {
    close();
}

void File::close() noexcept {
    if (owned_ && fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

bool File::is_regular() const {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) fail(name_, "cannot stat", errno);
    return S_ISREG(status.st_mode);
}

std::uint64_t File::size() const {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) fail(name_, "cannot stat", errno);
    if (!S_ISREG(status.st_mode)) {
        throw cli::DataError(name_ + ": not a regular file, which reading by frames needs");
    }
    return static_cast<std::uint64_t>(status.st_size);
}

std::size_t File::read(char* to, std::size_t n) {
    while (true) {
        const ssize_t got = ::read(fd_, to, std::min(n, kMaxTransfer));
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR) fail(name_, "read error", errno);
    }
}

void File::read_at(char* to, std::size_t n, std::uint64_t offset) const {
    if (offset > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max()) - n) {
        fail(name_, "read error", EOVERFLOW);
    }
    while (n > 0) {
        const ssize_t got = ::pread(fd_, to, std::min(n, kMaxTransfer), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail(name_, "read error", errno);
        if (got == 0) {
            throw cli::DataError(name_ + ": ends at byte " + std::to_string(offset) +
                                 ": it was truncated while being read");
        }
        to += got;
        n -= static_cast<std::size_t>(got);
        offset += static_cast<std::uint64_t>(got);
    }
}

void File::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(fd_, bytes.data(), std::min(bytes.size(), kMaxTransfer));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && errno == EPIPE) throw cli::ReaderGone();
        if (put < 0) fail(name_, "write error", errno);
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
}

void File::sync_and_close() {
    if (::fsync(fd_) != 0) fail(name_, "cannot sync", errno);
    const int fd = std::exchange(fd_, -1);
    if (::close(fd) != 0) fail(name_, "cannot close", errno);
}

}  // namespace lip::shard
