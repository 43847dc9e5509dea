// split-captions: marks sentences and flags in the captions of records.
#include "cmd/split-captions/split.h"

int main(int argc, char** argv) {
    lip::cmd::SplitCommand options;
    lip::cli::Tool tool = lip::cmd::split_tool(options);
    return lip::cli::run_tool(argc, argv, tool, options.common);
}
