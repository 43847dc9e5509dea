#pragma once

#include "cli/tool.h"
#include "model/export.h"
#include "model/positions.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace lip::cmd {

// Settings of checkpoint. The values here are the defaults.
struct CheckpointOptions {
    cli::Common common;
    std::vector<std::string> paths;
    // info
    std::string format = "text";
    bool tensors = false;
    // import
    std::string input_format = "auto", arch, tokenizer;
    bool ema = false, drop_extra = false, long_text = false, json = false;
    std::int64_t image_size = 0, context_length = 0;
    model::Stretch stretch = model::Stretch::kKeepFirst20;
    // export
    model::ExportSettings exported;
    // average
    std::vector<double> weights;
    // diff
    double atol = 0, rtol = 0;
};

cli::Tool checkpoint_tool(CheckpointOptions& options);
int checkpoint_verify(const CheckpointOptions& options);
int checkpoint_info(const CheckpointOptions& options);
int checkpoint_import(const CheckpointOptions& options);
int checkpoint_export(const CheckpointOptions& options);
int checkpoint_merge(const CheckpointOptions& options);
int checkpoint_average(const CheckpointOptions& options);
int checkpoint_diff(const CheckpointOptions& options);

// Writes the folder that -o names by calling `fill` with another name for it first: it is complete
// or not there. Throws UsageError, DataError.
void write_folder(const cli::Common& common,
                  const std::function<void(const std::filesystem::path&)>& fill);
// What write_folder would refuse, said before the work.
void check_can_write_folder(const cli::Common& common);

}  // namespace lip::cmd
