// shard: records and images become shards; also looks into shards.
#include "cmd/shard/shard.h"

int main(int argc, char** argv) {
    lip::cmd::ShardCommand options;
    lip::cli::Tool tool = lip::cmd::shard_tool(options);
    return lip::cli::run_tool(argc, argv, tool, options.common);
}
