#pragma once

#include "cli/tool.h"
#include "record/formats.h"
#include "record/join.h"

namespace lip::cmd {

// Settings of recaption-ingest. The values here are the defaults.
struct IngestOptions {
    cli::Common common;
    record::StreamSettings stream;
    bool list_formats = false;
    std::vector<std::string> map, caption;
    record::ImportSettings import;
    std::string join;
    record::JoinOn join_on = record::JoinOn::kUrl;
    std::string stats;
};

cli::Tool ingest_tool(IngestOptions& options);
int ingest(IngestOptions& options);

}  // namespace lip::cmd
