// recaption-ingest: caption releases become records.
#include "cmd/recaption-ingest/ingest.h"

int main(int argc, char** argv) {
    lip::cmd::IngestOptions options;
    lip::cli::Tool tool = lip::cmd::ingest_tool(options);
    return lip::cli::run_tool(argc, argv, tool, options.common);
}
