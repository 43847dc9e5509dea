// The table of frames at the end of a file in zstd's seekable format (zstd, contrib/
// seekable_format, version 0.1.0): a skippable frame that plain zstd passes over.
#pragma once

#include "shard/file.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lip::shard {

struct FrameEntry {
    std::uint32_t packed = 0;    // bytes in the file
    std::uint32_t bytes = 0;     // bytes unpacked
    std::uint32_t checksum = 0;  // low 32 bits of XXH64, seed 0, of the bytes unpacked
};

struct SeekTable {
    std::vector<FrameEntry> frames;
    bool has_checksums = true;
};

// The table as bytes, magic number to footer. Requires has_checksums.
std::string encode_seek_table(const SeekTable& table);

// True if the last bytes of a regular file are the mark of a seek table.
bool has_seek_table(const File& file);

// Reads the table of `file`. Throws DataError if it is missing, cut, or does not add up to the
// size of the file; allocates at most the size of the file.
SeekTable read_seek_table(const File& file);

// Four bytes, least significant first.
std::uint32_t load32(const char* bytes);

}  // namespace lip::shard
