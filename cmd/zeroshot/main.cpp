// zeroshot: images are classified by the names of the classes.
#include "cmd/zeroshot/zeroshot.h"

int main(int argc, char** argv) {
    lip::cmd::ZeroshotOptions options;
    lip::cli::Tool tool = lip::cmd::zeroshot_tool(options);
    return lip::cli::run_tool(argc, argv, tool, options.common);
}
