// Captions put on the records of another data set: recaption-ingest --join.
#pragma once

#include "record/formats.h"

#include <cstdint>
#include <string>
#include <unordered_map>
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

// An index from reference to the place of its row in caption files: 24 bytes a row of this part,
// the rows stay on disk. Build it once; lookups are thread-safe.
class CaptionIndex {
public:
    // Reads all files once. Throws DataError if one is compressed or standard input: rows must be
    // found again by their offset.
    CaptionIndex(const std::vector<std::string>& paths, std::string format,
                 const ImportSettings& settings, JoinOn on, JoinPart part, class ErrorLog& errors);
    ~CaptionIndex();

    // The row whose reference equals that of `record`, made into a record; nothing if there is
    // none.
    std::optional<Record> find(const Record& record) const;

    std::uint64_t size() const { return entries_.size(); }
    std::uint64_t duplicates() const { return duplicates_; }
    std::uint64_t text_only() const { return text_only_; }  // entries without an image, left out

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
    std::uint64_t duplicates_ = 0, text_only_ = 0;
};

}  // namespace lip::record
