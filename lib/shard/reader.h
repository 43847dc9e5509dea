// ShardReader: the samples of any frame of a seekable shard.
#pragma once

#include "shard/sample.h"
#include "shard/seekable_reader.h"
#include "shard/source.h"
#include "shard/tar_samples.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lip::shard {

// Reads shards that ShardWriter wrote; for those of others see ShardStream.
// After construction any number of threads may call it.
class ShardReader {
public:
    // Reads the seek table. Throws DataError if there is none: the file is cut or another's.
    explicit ShardReader(const std::filesystem::path& path);

    const std::string& name() const { return frames_.name(); }
    std::size_t frames() const { return frames_.frames(); }
    // Bytes of tar in frame i.
    std::uint64_t frame_bytes(std::size_t i) const { return frames_.frame(i).bytes; }

    // All samples of frame i, in order. Throws DataError if the frame is damaged or holds no whole
    // tar members. Requires i < frames().
    std::vector<Sample> read_frame(std::size_t i) const;

    // Number of samples in frame i: known once the frame was read, read for it otherwise.
    std::size_t frame_samples(std::size_t i) const;

private:
    SeekableReader frames_;
    // By frame: number of samples + 1, or 0 while not known.
    mutable std::vector<std::atomic<std::uint32_t>> counts_;
};

// True if `path` is a regular file with a seek table, so that ShardReader takes it.
bool is_seekable_shard(const std::filesystem::path& path);

// The samples of one frame's content; the last frame of a shard must hold the end of the archive,
// and no other may. `label` names it in messages. Throws DataError.
class FrameSamples {
public:
    FrameSamples(std::string_view content, std::string label, bool is_last);
    // False at the end of the frame.
    bool next(Sample& sample);
    std::uint64_t ignored_members() const { return samples_.ignored_members(); }

private:
    MemorySource source_;
    std::string label_;
    bool is_last_;
    TarSamples samples_;
};

}  // namespace lip::shard
