#include "tensor/input_file.h"

#include "cli/error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lip::tensor {

InputFile::InputFile(const std::string& path)
    : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat info = {};
    if (fd_ < 0 || ::fstat(fd_, &info) != 0) {
        const std::string why = std::strerror(errno);
        if (fd_ >= 0) ::close(fd_);
        throw cli::DataError(path + ": cannot be opened: " + why);
    }
    size_ = static_cast<std::uint64_t>(info.st_size);
}

InputFile::~InputFile() {
    ::close(fd_);
}

void InputFile::read(void* to, std::uint64_t size, std::uint64_t offset) const {
    if (offset > size_ || size > size_ - offset)
        throw cli::DataError(path_ + ": ends too early (is it truncated?)");
    auto* at = static_cast<char*>(to);
    while (size > 0) {
        const ssize_t n = ::pread(fd_, at, size, static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0)
            throw cli::DataError(path_ + ": cannot be read: " +
                                 (n < 0 ? std::strerror(errno) : "it became shorter"));
        at += n;
        offset += static_cast<std::uint64_t>(n);
        size -= static_cast<std::uint64_t>(n);
    }
}

std::string InputFile::head(std::size_t size) const {
    std::string bytes(std::min<std::uint64_t>(size, size_), '\0');
    read(bytes.data(), bytes.size(), 0);
    return bytes;
}

}  // namespace lip::tensor
