// ByteSource: bytes pulled from memory, a file or a pipe, unpacked on the way.
#pragma once

#include "shard/file.h"

#include <cstddef>
#include <memory>
#include <string_view>

namespace lip::shard {

// One thread at a time.
class ByteSource {
public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;

    // Up to n bytes; 0 only at the end. Throws DataError if the bytes cannot be read or unpacked.
    virtual std::size_t read(char* to, std::size_t n) = 0;
};

// Bytes in memory, which must outlive the source.
class MemorySource : public ByteSource {
public:
    explicit MemorySource(std::string_view bytes) : rest_(bytes) {}
    std::size_t read(char* to, std::size_t n) override;

private:
    std::string_view rest_;
};

// The bytes of `file`, or what they unpack to if the first of them say gzip or zstd. Several
// members or frames in a row count as one. A packed file that ends inside one is a DataError.
// Memory: 256 KiB, with zstd up to 128 MiB for frames of the largest window it accepts.
std::unique_ptr<ByteSource> open_source(File file);

}  // namespace lip::shard
