// Operands of the command line that mean several files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

// Does it hold {FIRST..LAST}, `*`, `?` or `[`? What exists under the very name is no pattern: look
// for that first.
bool is_pattern(const std::string& operand);

// The files that a pattern means: {000000..000123} counts, with as many digits as the first number
// has, and `*`, `?` and `[...]` match names, in byte order; each count must be there. Names that
// begin with '.' are left out, and so are folders and manifests that a `*` matches. Throws
// DataError if there is nothing.
std::vector<std::string> expand_pattern(const std::string& operand);

// PREFIX.manifest.jsonl, which lists shards and holds no records.
bool is_manifest_name(std::string_view name);

// Files of records or captions right in `folder`, by the ending of their names, in byte order.
// Where `records_only`, those that hold JSON lines. Throws DataError if the folder cannot be read.
std::vector<std::string> tables_in(const std::string& folder, bool records_only);

}  // namespace lip::record
