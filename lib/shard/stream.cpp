#include "shard/stream.h"

#include <utility>

namespace lip::shard {

ShardStream::ShardStream(File file)
    : name_(file.name()), source_(open_source(std::move(file))), samples_(*source_, name_) {}

}  // namespace lip::shard
