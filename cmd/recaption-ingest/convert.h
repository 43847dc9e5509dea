// Rows made into records, a block at a time, by several threads at once.
#pragma once

#include "cmd/recaption-ingest/mask_files.h"
#include "record/errors.h"
#include "record/formats.h"
#include "record/group.h"
#include "record/row_index.h"
#include "record/where.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lip::cmd {

// What the records hold and what was left out; sums of several may be added up.
struct Counts {
    std::uint64_t records = 0, matched = 0, missing = 0, text_only = 0, empty_boxes = 0;
    std::uint64_t with_regions = 0, in_pixels = 0, orphans = 0, boxes = 0, cut_boxes = 0;
    std::uint64_t bare = 0;                         // records without captions, regions and labels
    std::map<std::string, std::uint64_t> captions;  // by source:form
    // Fields that look like captions and follow as they are: rows for each name.
    std::map<std::string, std::uint64_t> unused;
    record::GroupCounts group;
    record::WhereCounts where;

    // A record that is complete.
    void add(const record::Record& record);
    void add(const Counts& other);
};

// Does a field that is no caption of the record look like one, by its name and its value?
bool looks_like_caption(const record::Object::Field& field);

// How rows become records.
struct ConvertSettings {
    bool group = true;            // neighbours of one key
    bool stops = true;            // a bad row ends the run: what follows it is not looked at
    std::int64_t most_bytes = 0;  // of a record
    const record::Where* where = nullptr;
    MaskFiles* masks = nullptr;
};

// Rows of one file, or their places.
struct RowBlock {
    const record::RowReader* reader = nullptr;
    std::string file;  // as messages name it
    std::vector<record::Row> rows;
    const record::RowIndex* index = nullptr;
    std::span<const record::RowIndex::Entry> entries;
};

struct Converted {
    struct Bad {
        record::Place place;
        cli::Reject reject;
        std::string raw;
        bool is_cut;
        bool is_part = false;  // of a record that is kept
    };
    // The first and the last record may go on in other blocks; those between are lines.
    std::optional<record::Record> first, last;
    std::string middle;
    std::vector<std::uint64_t> middle_keys;  // their hashes
    std::vector<Bad> bad;
    std::size_t rows = 0;
    Counts counts;  // of the lines, and what was left out
};

Converted convert(const RowBlock& block, const ConvertSettings& settings);

}  // namespace lip::cmd
