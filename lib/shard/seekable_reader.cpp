#include "shard/seekable_reader.h"

#include "cli/error.h"

#include <xxhash.h>
#include <zstd.h>

#include <memory>
#include <new>
#include <utility>

namespace lip::shard {
namespace {

constexpr std::uint32_t kZstdMagic = 0xFD2FB528;

struct FreeContext {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// A frame whose header says that the checksum of its content stands last, which
// ZSTD_decompressDCtx() compares. (Bit 2 of the byte after the magic number, RFC 8878, 3.1.1.1.1.)
bool has_own_checksum(const std::string& packed) {
    return (static_cast<unsigned char>(packed[4]) & 4U) != 0;
}

}  // namespace

SeekableReader::SeekableReader(File file, std::uint64_t max_frame_bytes)
    : file_(std::move(file)), table_(read_seek_table(file_)) {
    offsets_.reserve(frames() + 1);
    offsets_.push_back(0);
    for (std::size_t i = 0; i < frames(); ++i) {
        if (frame(i).bytes > max_frame_bytes) {
            fail(i, "unpacks to " + std::to_string(frame(i).bytes) + " bytes, more than " +
                        std::to_string(max_frame_bytes));
        }
        offsets_.push_back(offsets_.back() + frame(i).packed);
    }
}

void SeekableReader::fail(std::size_t i, const std::string& what) const {
    throw cli::DataError(name() + ": frame " + std::to_string(i) + " " + what);
}

std::string SeekableReader::read_frame(std::size_t i) const {
    std::string packed;
    std::string content;
    read_packed(i, packed);
    unpack(i, packed, content);
    return content;
}

void SeekableReader::read_packed(std::size_t i, std::string& packed) const {
    packed.resize(frame(i).packed);
    file_.read_at(packed.data(), packed.size(), frame_offset(i));
}

void SeekableReader::unpack(std::size_t i, const std::string& packed, std::string& content) const {
    const FrameEntry& entry = frame(i);
    if (packed.size() < 9 || load32(packed.data()) != kZstdMagic ||
        ZSTD_findFrameCompressedSize(packed.data(), packed.size()) != packed.size()) {
        fail(i, "is not a complete zstd frame: the file is damaged, or its seek table is wrong");
    }
    const unsigned long long said = ZSTD_getFrameContentSize(packed.data(), packed.size());
    if (said != ZSTD_CONTENTSIZE_UNKNOWN && said != entry.bytes) {
        fail(i, "and the seek table disagree on its size");
    }
    const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
    if (!context) throw std::bad_alloc();
    content.resize(entry.bytes);
    const std::size_t got = ZSTD_decompressDCtx(context.get(), content.data(), content.size(),
                                                packed.data(), packed.size());
    if (ZSTD_isError(got) != 0) fail(i, std::string("is damaged: ") + ZSTD_getErrorName(got));
    if (got != entry.bytes) fail(i, "and the seek table disagree on its size");
    if (!table_.has_checksums) return;
    const std::uint32_t checksum =
        has_own_checksum(packed)
            ? load32(packed.data() + packed.size() - 4)
            : static_cast<std::uint32_t>(XXH64(content.data(), content.size(), 0));
    if (checksum != entry.checksum) fail(i, "and the seek table disagree on its checksum");
}

}  // namespace lip::shard
