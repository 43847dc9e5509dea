// Rows of one image put together: a table with a row a caption becomes a record an image.
#pragma once

#include "record/record.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

// Which rows of one key become one record: those that follow each other, all, or none.
enum class Group { kAdjacent, kAll, kOff };

// What putting rows together met; sums of several may be added up.
struct GroupCounts {
    std::uint64_t rows = 0;  // added to the record of a row before
    // Rows whose field of this name differs from that of the row before: the first value stays.
    std::map<std::string, std::uint64_t> differing;
    // Neighbours of one key that name two images, and the first such pair.
    std::uint64_t clashes = 0;
    std::string clash;

    void add(const GroupCounts& other);
};

// Adds the captions, regions and labels of `next` to `record`, in this order, and the fields that
// it has not. Afterwards update_captions() is due.
void gather(Record& record, Record next, GroupCounts& counts);

// Puts rows together as they come. One thread at a time.
class Gatherer {
public:
    // Throws away nothing: with `on` false each row is a record. A record of more than
    // `most_bytes` is an error.
    Gatherer(bool on, std::int64_t most_bytes) : on_(on), most_bytes_(most_bytes) {}

    // Takes a row. Gives the record before it, which is complete if this row is of another image.
    // Throws DataError if a record grows too long.
    std::optional<Record> add(Record next);
    // The last record, if there is one.
    std::optional<Record> finish();
    const GroupCounts& counts() const { return counts_; }

private:
    bool belongs(const Record& next);

    bool on_;
    std::int64_t most_bytes_;
    std::optional<Record> open_;
    std::int64_t bytes_ = 0;  // of the open record's captions
    bool has_gathered_ = false;
    GroupCounts counts_;
};

// Tells keys that came before, in constant memory (8 MiB): of many millions of keys it may forget
// some, but what it says came before did. One thread at a time.
class KeyMemory {
public:
    static std::uint64_t hash(std::string_view key);
    bool came_before(std::uint64_t hash);

private:
    std::vector<std::uint64_t> slots_;
};

}  // namespace lip::record
