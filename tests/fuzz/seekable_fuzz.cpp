// Any bytes as a file in the seekable format: frames as the table says, or a DataError; and the
// same bytes as a stream (tar, gzip or zstd by their magic).
#include "cli/error.h"
#include "shard/file.h"
#include "shard/seekable_reader.h"
#include "shard/stream.h"
#include "tests/fuzz/require.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using lip::shard::File;

constexpr std::uint64_t kMaxFrame = 1 << 20;

File file_of(std::string_view bytes) {
    const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
    require(fd >= 0, "memfd_create");
    File file = File::adopt(fd, "fuzz.zst");
    file.write(bytes);
    require(::lseek(fd, 0, SEEK_SET) == 0, "lseek");
    return file;
}

void read_frames(std::string_view bytes) {
    try {
        const lip::shard::SeekableReader reader(file_of(bytes), kMaxFrame);
        for (std::size_t i = 0; i < reader.frames() && i < 100; ++i) {
            require(reader.read_frame(i).size() == reader.frame(i).bytes, "a frame has its bytes");
        }
    } catch (const lip::cli::DataError&) {
    }
}

void read_stream(std::string_view bytes) {
    try {
        lip::shard::ShardStream stream(file_of(bytes));
        lip::shard::Sample sample;
        while (stream.offset() < kMaxFrame && stream.next(sample)) {
            require(!sample.members.empty(), "a sample has members");
        }
    } catch (const lip::cli::DataError&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    read_frames(bytes);
    read_stream(bytes);
    return 0;
}
