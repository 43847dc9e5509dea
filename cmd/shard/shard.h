#pragma once

#include "cli/tool.h"
#include "record/errors.h"
#include "shard/writer.h"

#include <string>
#include <vector>

namespace lip::cmd {

// Settings of shard and its commands. The values here are the defaults.
struct ShardCommand {
    cli::Common common;
    record::StreamSettings stream;
    std::string image_root, images_from;
    std::int64_t shard_samples = 10000, shard_size = 1LL << 30;
    std::int64_t frame_size = 4LL << 20, level = 6;
    bool no_images = false;
    std::string image_check = "header";
    std::int64_t resize = 0, quality = 92;
    bool resume = false;
    // ls, cat, verify
    std::vector<std::string> shards;
    std::string ls_format = "tsv", cat_format = "records", keys;
    bool decode = false, unique_keys = false;
};

cli::Tool shard_tool(ShardCommand& options);
int write_shards(const ShardCommand& options);
int list_shards(const ShardCommand& options);
int cat_shards(const ShardCommand& options);
int verify_shards(const ShardCommand& options);

}  // namespace lip::cmd
