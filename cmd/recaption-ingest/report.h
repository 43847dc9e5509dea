// What recaption-ingest says at the end of a run.
#pragma once

#include "cmd/recaption-ingest/convert.h"
#include "cmd/recaption-ingest/ingest.h"

#include <cstdint>
#include <map>
#include <string>

namespace lip::cmd {

// Says what was put together, left out and not used, and how to have it otherwise. `repeated`:
// records whose key came before. Throws DataError if --where took no row.
void report(const IngestOptions& options, const Counts& counts, std::uint64_t repeated,
            std::uint64_t skipped);

// Says how many masks are missing. Throws DataError if there is none at all.
void report_masks(const IngestOptions& options, const MaskFiles& masks);

// Says which fields of a file look like captions and were not used: what `after` has more than
// `before`.
using FieldCounts = std::map<std::string, std::uint64_t>;
void report_unused(const std::string& file, const FieldCounts& before, const FieldCounts& after);

}  // namespace lip::cmd
