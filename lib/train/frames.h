// The frames of all shards of a data set.
#pragma once

#include "shard/reader.h"
#include "shard/sample.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lip::train {

// By what a data set is known again: names of the shards without their folders, in order, and their
// sizes.
struct DataIdentity {
    std::uint64_t shards = 0, frames = 0, bytes = 0;
    std::string hash;  // of all of it; empty: not known
};

// Shards, and how often their images are seen beside those of other operands.
struct DataOperand {
    std::string shards;  // a shard, a folder, a manifest or a pattern
    double weight = 1;
};

// "SHARDS" or "SHARDS=WEIGHT". Throws UsageError for a weight that is not above 0, and for standard
// input, which cannot be read again for the next epoch.
void from_text(std::string_view text, DataOperand& operand);
std::string to_text(const DataOperand& operand);

// Frames of seekable shards; a shard of others (.tar, .tar.gz, .tar.zst) counts as one frame.
// Thread-safe after construction. 16 bytes a frame.
class Frames {
public:
    explicit Frames(const std::vector<DataOperand>& operands);

    std::size_t size() const { return frames_.size(); }
    std::uint64_t bytes(std::size_t frame) const;
    std::uint64_t largest() const { return largest_; }  // bytes
    std::vector<shard::Sample> read(std::size_t frame) const;
    DataIdentity identity() const;
    // Frames [first, first + count) that are seen equally often.
    struct Part {
        std::size_t first, count;
        double weight;
    };
    const std::vector<Part>& parts() const { return parts_; }  // one where all weights are equal
    const std::string& shard_name(std::size_t frame) const { return names_[frames_[frame].shard]; }

private:
    struct Frame {
        std::uint32_t shard, index;
    };
    std::vector<std::string> names_;
    std::vector<std::unique_ptr<shard::ShardReader>> readers_;  // nullptr: not seekable
    std::vector<Frame> frames_;
    std::vector<Part> parts_;
    std::uint64_t largest_ = 0;
};

// Samples in all shards, each as often as its weight says: from manifests beside them, else, if it
// `may_read`, by reading them once. 0: some are not known.
std::uint64_t count_samples(const std::vector<DataOperand>& operands, bool may_read);

}  // namespace lip::train
