// A file of numbers that is read at places its own header names.
#pragma once

#include <cstdint>
#include <string>

namespace lip::tensor {

// Reads a plain file at any place. Several threads may read at once.
class InputFile {
public:
    // Throws DataError if it cannot be opened.
    explicit InputFile(const std::string& path);
    ~InputFile();
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    const std::string& path() const { return path_; }
    std::uint64_t size() const { return size_; }
    // Throws DataError if the file has no such bytes, or they cannot be read.
    void read(void* to, std::uint64_t size, std::uint64_t offset) const;
    // The first bytes, at most `size`.
    std::string head(std::size_t size) const;

private:
    std::string path_;
    int fd_;
    std::uint64_t size_ = 0;
};

}  // namespace lip::tensor
