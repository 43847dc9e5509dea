// ShardWriter: writes one shard.
#pragma once

#include "cli/error.h"
#include "shard/key_set.h"
#include "shard/manifest.h"
#include "shard/output_file.h"
#include "shard/sample.h"
#include "shard/seekable_writer.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace lip::shard {

struct ShardOptions {
    std::size_t frame_bytes = std::size_t{4} << 20;  // of tar; a frame ends before it would be more
    int level = 6;         // zstd level of frames of text alone; frames with images get 1
    int threads = 1;       // that pack frames; the bytes are the same for any number
    bool replace = false;  // an existing file
};

// A tar of KEY.EXT members in zstd frames, a sample never split over two frames, the seek table
// last. Format: doc/shard.md.
//
// Owns its file. Without close() the destructor removes what was written.
// One thread at a time; several writers may run side by side.
class ShardWriter {
public:
    // Opens a temporary file beside `path`. Throws DataError if `path` exists and may not be
    // replaced, or cannot be created; UsageError for a level zstd does not have or frame_bytes
    // outside 1..1 GiB.
    ShardWriter(std::filesystem::path path, const ShardOptions& options);
    // Writes to a descriptor that stays open, such as standard output, called "-" in messages.
    ShardWriter(int fd, const ShardOptions& options);

    // Appends the members of a sample; their bytes are copied. A sample that a shard cannot hold
    // is left out and the reason returned: `duplicate-key` for a key that was there before,
    // `bad-record` for a key or extension that makes no member name or no member at all,
    // `too-large` for one over kMaxSampleBytes.
    // Requires: close() has not been called. Throws as File::write does.
    cli::Result<bool> add(const Sample& sample);

    // Writes the last frame and the seek table, syncs and renames. Returns what the manifest says
    // of the shard, with the last part of the path as name ("-" for a descriptor).
    ShardInfo close();

    std::uint64_t samples() const { return info_.samples; }
    // Bytes of tar added so far: the same for any number of threads, where bytes written are not.
    std::uint64_t tar_bytes() const { return tar_bytes_; }
    // What a signal handler has to remove; empty for a descriptor.
    const std::filesystem::path& temporary() const { return file_.temporary(); }

private:
    void end_frame();

    ShardOptions options_;
    OutputFile file_;
    SeekableWriter frames_;
    KeySet keys_;
    ShardInfo info_;
    std::uint64_t tar_bytes_ = 0;
    bool frame_has_images_ = false;
};

}  // namespace lip::shard
