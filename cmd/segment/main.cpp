// segment: masks of images by the names of classes, without training on masks.
#include "cmd/segment/segment.h"

int main(int argc, char** argv) {
    lip::cmd::SegmentOptions options;
    lip::cli::Tool tool = lip::cmd::segment_tool(options);
    return lip::cli::run_tool(argc, argv, tool, options.common);
}
