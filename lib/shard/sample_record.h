// The record of a sample, of our own shards or of a webdataset that others wrote.
#pragma once

#include "cli/error.h"
#include "record/formats.h"
#include "record/json_rows.h"
#include "record/record.h"
#include "shard/sample.h"

#include <string>
#include <string_view>

namespace lip::shard {

// Bytes of the first member with this extension, whatever its case; empty if there is none.
std::string_view member_bytes(const Sample& sample, std::string_view ext);

// Samples of others as records: the raw caption from "caption" in KEY.json or from KEY.txt (or
// .text, .caption, .cap), others from DreamLIP's names in KEY.json, size and url; other fields
// stay. --caption SOURCE:FORM=EXT takes a caption from KEY.EXT. The key is the sample's.
class SampleConverter {
public:
    // Throws DataError with `name` in front for a map that does not fit.
    SampleConverter(const record::ImportSettings& settings, const std::string& name);

    // Would a member with this extension be looked at?
    bool reads(std::string_view ext) const;

    // Thread-safe. Rejects: bad-json.
    cli::Result<record::Record> operator()(const Sample& sample) const;

private:
    bool is_mapped(std::string_view ext) const;

    record::ImportSettings settings_;
    record::Convert convert_;
};

// Thread-safe. KEY.json of our own, to which only the key is added where it has none; else, where
// there are captions to convert, as above; else the key alone. Rejects: bad-json, bad-record.
cli::Result<record::Record> record_of(const Sample& sample);

}  // namespace lip::shard
