// Any bytes as a tar: TarSamples gives samples that a shard would take again, or a DataError.
#include "cli/error.h"
#include "shard/sample.h"
#include "shard/tar_samples.h"
#include "tests/fuzz/require.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using lip::shard::TarEnd;

std::uint64_t count_samples(std::string_view bytes, TarEnd end) {
    lip::shard::MemorySource source(bytes);
    lip::shard::TarSamples samples(source, "fuzz.tar", end);
    lip::shard::Sample sample;
    std::uint64_t count = 0;
    try {
        while (samples.next(sample)) {
            ++count;
            std::uint64_t size = 0;
            for (const lip::shard::Member& member : sample.members) size += member.bytes.size();
            require(!sample.members.empty() && size <= bytes.size(), "members with their bytes");
            require(!sample.key.empty() && sample.key.front() != '/', "a key is no absolute path");
        }
    } catch (const lip::cli::DataError&) {
    }
    require(samples.offset() <= bytes.size(), "no more is read than there is");
    return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    // How an archive may end does not change what stands before its end.
    require(count_samples(bytes, TarEnd::kBlocks) <= count_samples(bytes, TarEnd::kAnywhere),
            "the end asked for adds no samples");
    return 0;
}
