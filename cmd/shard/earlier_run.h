// What an earlier run left: shards to replace, and settings to go on with.
#pragma once

#include "cmd/shard/shard.h"

#include <filesystem>
#include <string>
#include <vector>

namespace lip::cmd {

// Settings that decide what a finished shard holds, for comparing on --resume.
std::string settings_json(const ShardCommand& options);
// What differs between two of them: "resize was 0, is 256; ..."
std::string changed_settings(const std::string& before, const std::string& now);

// The files that --force replaces, the manifest last; empty if there are none. Throws DataError if
// there are some without --force, UsageError if the input is among them.
std::vector<std::filesystem::path> old_set(const ShardCommand& options);

}  // namespace lip::cmd
