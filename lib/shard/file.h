// File: an open file descriptor with every read and write checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace lip::shard {

// Owns a descriptor and closes it, or borrows one (standard input and output).
// One thread at a time, save read_at(), which any number of threads may call.
class File {
public:
    // Opens for reading. Throws DataError if that fails or `path` is a folder.
    static File open(const std::filesystem::path& path);
    // Takes over `fd`; `name` is for messages.
    static File adopt(int fd, std::string name) { return {fd, std::move(name), true}; }
    // Uses `fd` without closing it.
    static File borrow(int fd, std::string name) { return {fd, std::move(name), false}; }

    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File();

    const std::string& name() const { return name_; }
    int fd() const { return fd_; }

    // No pipe and no device.
    bool is_regular() const;
    // Size in bytes of a regular file. Throws DataError for a pipe or device: they have none.
    std::uint64_t size() const;

    // Up to n bytes from the current position; 0 only at the end. Throws DataError.
    std::size_t read(char* to, std::size_t n);
    // Exactly n bytes at `offset`. Throws DataError, also if the file ends before.
    void read_at(char* to, std::size_t n, std::uint64_t offset) const;

    // Writes all bytes. Throws DataError, and ReaderGone if the reader of a pipe went away.
    void write(std::string_view bytes);
    // Flushes to the device, then closes. Throws DataError.
    void sync_and_close();

private:
    File(int fd, std::string name, bool owned) : fd_(fd), owned_(owned), name_(std::move(name)) {}
    void close() noexcept;

    int fd_;
    bool owned_;
    std::string name_;
};

}  // namespace lip::shard
