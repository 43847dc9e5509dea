// --mark-duplicates and --leak-check: flags for what was there before, and for what is in an
// evaluation set.
#pragma once

#include "cmd/recaption-ingest/ingest.h"
#include "shard/key_set.h"

#include <cstdint>
#include <optional>

namespace lip::cmd {

// A caption is a duplicate if its text, but for case and white space, or the reference of its
// record (URL, else path) came before in an earlier record; it leaks if one of them is in the
// evaluation set. Memory: 21 to 43 bytes for each different text and reference. One thread at a
// time.
class Marks {
public:
    // Reads the evaluation set, if there is one: captions of any format. Throws DataError.
    Marks(const IngestOptions& options, record::ErrorLog& errors);

    // Adds the flags.
    void apply(record::Record& record);

    std::uint64_t duplicates() const { return duplicates_; }  // captions
    std::uint64_t leaks() const { return leaks_; }

private:
    bool mark_duplicates_;
    std::optional<shard::KeySet> evaluation_;
    shard::KeySet seen_;
    std::uint64_t duplicates_ = 0, leaks_ = 0;
};

}  // namespace lip::cmd
