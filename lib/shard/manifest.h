// The manifest of a set of shards: one JSON line for each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace lip::shard {

// What is known of a finished shard.
struct ShardInfo {
    std::string name;  // relative to the manifest's folder
    std::uint64_t samples = 0;
    std::uint64_t bytes = 0;  // of the file
    std::uint64_t frames = 0;
    std::string xxh64;  // of the whole file, 16 hex digits
    std::string first;  // first and last key; empty if there is no sample
    std::string last;
};

// `{"shard":…,"samples":…,"bytes":…,"frames":…,"xxh64":…,"first":…,"last":…}` and a newline.
// Throws DataError for a name or key that is not UTF-8.
std::string manifest_line(const ShardInfo& info);

// Reads a manifest. Only `shard` is required of a line; other fields may be there. Throws
// DataError with the line for one that is no such object, and for a last line that was cut.
std::vector<ShardInfo> read_manifest(const std::filesystem::path& path);

// What all manifests right in a folder say. Throws as read_manifest does.
std::vector<ShardInfo> manifests_in(const std::filesystem::path& folder);

}  // namespace lip::shard
