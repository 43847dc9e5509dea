#pragma once

#include "cli/tool.h"

#include <string>
#include <vector>

namespace lip::cmd {

// Settings of checkpoint. The values here are the defaults.
struct CheckpointOptions {
    cli::Common common;
    std::vector<std::string> paths;
    std::string format = "text";
    bool tensors = false;
};

cli::Tool checkpoint_tool(CheckpointOptions& options);
int checkpoint_info(const CheckpointOptions& options);

}  // namespace lip::cmd
