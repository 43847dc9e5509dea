// ground: boxes of images for phrases.
#include "cmd/ground/ground.h"

int main(int argc, char** argv) {
    lip::cmd::GroundOptions options;
    lip::cli::Tool tool = lip::cmd::ground_tool(options);
    return lip::cli::run_tool(argc, argv, tool, options.common);
}
