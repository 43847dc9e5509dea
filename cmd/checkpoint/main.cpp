// checkpoint: what is in a model's folder.
#include "cmd/checkpoint/checkpoint.h"

int main(int argc, char** argv) {
    lip::cmd::CheckpointOptions options;
    lip::cli::Tool tool = lip::cmd::checkpoint_tool(options);
    return lip::cli::run_tool(argc, argv, tool, options.common);
}
