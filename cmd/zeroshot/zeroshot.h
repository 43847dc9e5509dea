#pragma once

#include "cli/tool.h"
#include "cmd/groups/groups.h"

#include <string>

namespace lip::cmd {

// Settings of zeroshot. The values here are the defaults.
struct ZeroshotOptions {
    cli::Common common;
    record::StreamSettings stream;
    std::string image_root;
    ModelSettings model;
    ClassSettings classes;
    std::string labels = "record";
    std::string confusion;  // file
    ResultSettings results;
};

cli::Tool zeroshot_tool(ZeroshotOptions& options);
int zeroshot(const ZeroshotOptions& options);

}  // namespace lip::cmd
