// Captions put on the records of another data set: recaption-ingest --join.
#pragma once

#include "record/group.h"
#include "record/row_index.h"
#include "record/where.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lip::record {

enum class JoinOn { kUrl, kKey, kPath };

// What of a record is compared, normalised; empty if it has none.
std::string join_reference(const Record& record, JoinOn on);

// One of `count` equal parts of all references, told apart by their hashes: memory for a join is
// that of one part. Records without a reference are in the first.
struct JoinPart {
    std::uint64_t index = 0, count = 1;

    bool holds(std::string_view reference) const;
};
// "2/8": the second of eight. Throws UsageError.
void from_text(std::string_view text, JoinPart& part);
std::string to_text(const JoinPart& part);

// The captions for each reference, on disk. Build it once; lookups are thread-safe.
class CaptionIndex {
public:
    // Reads all files once; see RowIndex. Rows that `where` does not take are not there.
    CaptionIndex(const std::vector<std::string>& paths, const std::string& format,
                 const ImportSettings& settings, JoinOn on, JoinPart part, class ErrorLog& errors,
                 const Where& where);

    // All rows whose reference equals that of `record`, made into one record; nothing if there is
    // none.
    std::optional<Record> find(const Record& record, GroupCounts& counts) const;

    std::uint64_t size() const { return rows_.size(); }  // references
    std::uint64_t duplicates() const { return rows_.repeats(); }
    std::uint64_t text_only() const { return rows_.text_only(); }
    std::uint64_t orphans() const { return rows_.orphans(); }
    std::vector<std::vector<std::string>> classes() const { return rows_.classes(); }
    const WhereCounts& where_counts() const { return where_counts_; }

private:
    JoinOn on_;
    std::int64_t most_bytes_;
    WhereCounts where_counts_;
    RowIndex rows_;
};

}  // namespace lip::record
