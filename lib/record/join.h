// Captions put on the records of another data set: recaption-ingest --join.
#pragma once

#include "record/formats.h"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace lip::record {

enum class JoinOn { kUrl, kKey, kPath };

// An index from reference to the place of its row in caption files: 24 bytes a row, the rows stay
// on disk. Build it once; lookups are thread-safe.
class CaptionIndex {
public:
    // Reads all files once. Throws DataError if one is compressed or standard input: rows must be
    // found again by their offset.
    CaptionIndex(const std::vector<std::string>& paths, std::string format,
                 const ImportSettings& settings, JoinOn on, class ErrorLog& errors);
    ~CaptionIndex();

    // The row whose reference equals that of `record`, made into a record; nothing if there is
    // none.
    std::optional<Record> find(const Record& record) const;

    std::uint64_t size() const { return entries_.size(); }
    std::uint64_t duplicates() const { return duplicates_; }

private:
    struct Entry {
        std::uint64_t high, low;        // hash of the reference
        std::uint64_t file_and_offset;  // file in the upper 12 bits
    };
    struct File;
    std::optional<Record> read(const Entry& entry) const;

    JoinOn on_;
    std::vector<File> files_;
    std::vector<Entry> entries_;
    std::uint64_t duplicates_ = 0;
};

}  // namespace lip::record
