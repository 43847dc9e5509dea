// The bytes of shards: from memory or a file, unpacked on the way.
#pragma once

#include "record/input.h"
#include "shard/file.h"

#include <cstddef>
#include <memory>
#include <string_view>

namespace lip::shard {

using record::ByteSource;

// Bytes in memory, which must outlive the source.
class MemorySource : public ByteSource {
public:
    explicit MemorySource(std::string_view bytes) : rest_(bytes) {}
    std::size_t read(char* to, std::size_t n) override;
    bool would_wait() override { return false; }

private:
    std::string_view rest_;
};

// The bytes of `file`, unpacked as record::unpack() does.
std::unique_ptr<ByteSource> open_source(File file);

}  // namespace lip::shard
