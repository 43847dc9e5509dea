// Looks closely at a shard: is every byte of it as it should be?
#pragma once

#include "shard/key_set.h"
#include "shard/sample.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace lip::shard {

struct VerifyOptions {
    // Says what is wrong with a sample (record does not parse, image does not decode), or nothing.
    std::function<std::optional<std::string>(const Sample&)> check_sample;
    // Keys that may not come again, of all shards looked at so far; this shard's are added.
    // One thread at a time may use the set.
    KeySet* unique_keys = nullptr;
};

struct VerifyReport {
    std::string name;                   // the path
    std::string error;                  // the first thing that is wrong; empty if nothing is
    std::uint64_t samples = 0;          // good ones before it
    std::uint64_t bytes = 0;            // of the file
    std::uint64_t frames = 0;           // 0 for a shard without seek table
    std::uint64_t ignored_members = 0;  // members that belong to no sample
    std::string xxh64;  // of the whole file, to compare with the manifest; empty on errors
                        // and for a shard without seek table
    bool ok() const { return error.empty(); }
};

// Reads all of a shard once: checksums of the frames, seek table against frames, tar structure,
// end of the archive, samples whole and never in two places, and what the options ask for.
// A shard without seek table (.tar, .tar.gz, .tar.zst of others) is looked at as far as it goes.
// What is wrong with the shard is in the report; throws DataError only if it cannot be opened.
VerifyReport verify_shard(const std::filesystem::path& path, const VerifyOptions& options);

}  // namespace lip::shard
