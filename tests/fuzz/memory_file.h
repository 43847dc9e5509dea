// A file without a place on a disk.
#pragma once

#include "tests/fuzz/require.h"

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

class MemoryFile {
public:
    MemoryFile() : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
        require(fd_ >= 0, "a file in memory can be made");
    }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    ~MemoryFile() { ::close(fd_); }

    std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
    void fill(std::string_view bytes) const {
        require(::ftruncate(fd_, 0) == 0, "it can be emptied");
        require(::pwrite(fd_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
                "it can be filled");
    }

private:
    int fd_;
};
