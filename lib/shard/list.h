// From an operand of the command line to the shards it means.
#pragma once

#include <string>
#include <vector>

namespace lip::shard {

// `operand` is one of
// - a file: itself;
// - a folder: all *.tar, *.tar.zst and *.tar.gz right in it, in the byte order of their names;
// - a manifest (*.manifest.jsonl): its shards, in its order, relative to its folder;
// - a pattern: {000000..000123} counts, with as many digits as the first number has, and `*`, `?`
//   and `[...]` match names, in byte order; each count must be there. What exists under the very
//   name is no pattern.
// Names that begin with '.' are left out, and so are folders and manifests that a `*` matches.
// Throws DataError if there is nothing.
std::vector<std::string> expand_shards(const std::string& operand);

// Paths of shards that manifests right in the folder name and that are not there. expand_shards()
// warns of them. Throws DataError for a manifest that cannot be read.
std::vector<std::string> missing_shards(const std::string& folder);

}  // namespace lip::shard
