// embed: images and texts become vectors.
#include "cmd/embed/embed.h"

int main(int argc, char** argv) {
    lip::cmd::EmbedOptions options;
    lip::cli::Tool tool = lip::cmd::embed_tool(options);
    return lip::cli::run_tool(argc, argv, tool, options.common);
}
