// checksums.xxh64 of a checkpoint: a line "HASH  NAME" for each other file, as xxhsum -c reads it.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace lip::model {

inline constexpr char kChecksumsFile[] = "checksums.xxh64";

// Of all regular files in the folder, by name. Throws DataError.
void write_checksums(const std::filesystem::path& folder);

// Name to hash; empty if the folder has no such file. Throws DataError naming the line that is
// none.
std::map<std::string, std::string> read_checksums(const std::filesystem::path& folder);

}  // namespace lip::model
