#pragma once

#include "cli/tool.h"
#include "record/csv.h"
#include "record/formats.h"
#include "record/join.h"

namespace lip::cmd {

// Settings of recaption-ingest. The values here are the defaults.
struct IngestOptions {
    cli::Common common;
    record::StreamSettings stream;
    bool list_formats = false;
    record::ImportSettings import;
    record::Group group = record::Group::kAdjacent;
    std::vector<record::Condition> where;
    record::Delimiter delimiter;
    std::string join;
    record::JoinPart join_part;
    record::JoinOn join_on = record::JoinOn::kUrl;
    std::string mask_dir, masks;
    std::string stats;
    bool mark_duplicates = false;
    std::string leak_check;
};

// A file of captions of any kind, or a tar of them. `format` as in record::open_captions.
std::unique_ptr<record::RowReader> open_any(const std::string& path,
                                            const record::ImportSettings& settings,
                                            std::string& format);

struct FormatLine {
    std::string_view name, summary;
};
// In the order in which they are tried.
std::vector<FormatLine> all_formats();

cli::Tool ingest_tool(IngestOptions& options);
int ingest(IngestOptions& options);

}  // namespace lip::cmd
