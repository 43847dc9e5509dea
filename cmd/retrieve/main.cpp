// retrieve: which image is found for a text, which text for an image, and how often that is right.
#include "cmd/retrieve/retrieve.h"

int main(int argc, char** argv) {
    lip::cmd::RetrieveOptions options;
    lip::cli::Tool tool = lip::cmd::retrieve_tool(options);
    return lip::cli::run_tool(argc, argv, tool, options.common);
}
