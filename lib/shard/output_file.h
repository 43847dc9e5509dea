// OutputFile: a file that exists complete or not at all.
#pragma once

#include "shard/file.h"
#include "shard/file_hash.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace lip::shard {

// Writes `.NAME.tmp.PID` beside its target; commit() syncs it, renames it and syncs the folder.
// Without commit() the destructor removes it. Over a descriptor it writes straight through.
// Counts and hashes what it writes. One thread at a time; one writer a target.
class OutputFile {
public:
    // Throws DataError if `path` exists and `replace` is false, or nothing can be created there.
    OutputFile(std::filesystem::path path, bool replace);
    // Writes to a descriptor that stays open, such as standard output.
    OutputFile(int fd, std::string name);
    OutputFile(OutputFile&&) = delete;
    ~OutputFile();

    // Throws as File::write does.
    void write(std::string_view bytes);
    // Requires: called once. Throws DataError.
    void commit();

    std::uint64_t bytes() const { return bytes_; }
    // 16 hex digits: XXH64, seed 0, of all bytes so far.
    std::string xxh64() const { return hash_.hex(); }
    // What a signal handler has to remove; empty for a descriptor and after commit().
    const std::filesystem::path& temporary() const { return temporary_; }

private:
    std::filesystem::path target_;
    std::filesystem::path temporary_;
    File file_;
    FileHash hash_;
    std::uint64_t bytes_ = 0;
};

}  // namespace lip::shard
