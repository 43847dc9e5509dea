// ShardStream: the samples of any webdataset shard, from front to back.
#pragma once

#include "record/content.h"
#include "shard/file.h"
#include "shard/sample.h"
#include "shard/source.h"
#include "shard/tar_samples.h"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace lip::shard {

// Reads .tar, .tar.gz and .tar.zst (ours and those of others), told apart by their first bytes,
// from a file or a pipe. Memory: one sample and the unpacker. One thread at a time.
// Throws DataError as TarSamples and open_source() do (a cut file is one), and for what is no tar.
class ShardStream {
public:
    // "-" is standard input.
    explicit ShardStream(const std::filesystem::path& path);
    explicit ShardStream(File file);
    explicit ShardStream(record::OpenInput input);

    // As of TarSamples.
    void leave_out_bad_members() { samples_.leave_out_bad_members(); }
    std::vector<std::string> faults() { return samples_.faults(); }

    // False at the end.
    bool next(Sample& sample) { return samples_.next(sample); }

    // Members that belong to no sample.
    std::uint64_t ignored_members() const { return samples_.ignored_members(); }
    // Bytes of tar, unpacked, read so far.
    std::uint64_t offset() const { return samples_.offset(); }

private:
    std::string name_;
    std::unique_ptr<ByteSource> source_;
    TarSamples samples_;
};

}  // namespace lip::shard
