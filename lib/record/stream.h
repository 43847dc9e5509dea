// Filters over records: read, change, write, in order, by several threads.
#pragma once

#include "record/errors.h"
#include "record/lines.h"
#include "record/record.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lip::record {

struct FilterIo {
    StreamSettings stream;
    std::string output = "-";
    bool force = false;
    int threads = 1;
    bool write_records = true;  // false: the records are only looked at
    // Called when all input was read, before the output gets its name. May throw.
    std::function<void()> at_end = {};
};

// Appends what a line becomes to `out` (newline included), or says why it cannot be used. Called by
// several threads at once. `key` may be filled in for messages.
using LineFilter =
    std::function<std::optional<cli::Reject>(const Line& line, std::string& out, std::string& key)>;

// Runs the filter over all lines. Flushes whenever no more input is ready. Returns the exit code
// (0 or 3). Throws DataError, UsageError, ReaderGone.
int filter_lines(const FilterIo& io, const LineFilter& filter);

// The same over parsed records.
using RecordFilter = std::function<std::optional<cli::Reject>(Record& record)>;
int filter_records(const FilterIo& io, const RecordFilter& filter);

}  // namespace lip::record
