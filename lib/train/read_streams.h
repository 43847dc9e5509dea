// The order of training. Frames follow each other in an endless sequence, epoch after epoch, and
// are dealt out like cards to streams that are read side by side; each mixes the samples of a
// window of its frames, and a batch takes equally many samples of each stream. Ranks share the
// streams among themselves, so each reads frames of its own, and the batches are the same for any
// number of ranks.
#pragma once

#include "shard/order.h"
#include "train/frames.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lip::train {

// How many streams there are, and how many frames of a stream are mixed at a time.
struct ReadPlan {
    std::int64_t streams = 1, window_frames = 1;
};

// The plan for new data: the most streams up to 64 that divide the batch and are at most half as
// many as the frames, with a limit to the memory of all windows of 256 MiB (but one frame a
// stream); more if `ranks` must share them. Throws UsageError if no number of streams fits batch
// and ranks.
ReadPlan plan_streams(const Frames& frames, std::int64_t batch_size, std::int64_t ranks);
// The plan with a number of streams that is known already: 32 frames are mixed, of all streams
// together, but no more than an epoch has.
ReadPlan plan_streams(const Frames& frames, std::int64_t streams);

// Number g of the sequence: a frame, and how often it came before.
struct Visit {
    std::size_t frame;
    std::uint64_t epoch;
};

// The sequence of frames: every frame once an epoch, in a keyed order. Where parts of the data have
// weights, 4,096 frames at a time are shared out among them by weight times size, mixed, and each
// part has epochs of its own. Immutable, takes no memory.
class FrameSequence {
public:
    FrameSequence(const Frames& frames, std::uint64_t seed);
    Visit operator()(std::uint64_t g) const;

private:
    Visit visit_part(const Frames::Part& part, std::uint64_t g) const;

    std::vector<Frames::Part> parts_;
    std::vector<std::uint64_t> ends_;  // of each part's share of a block; empty: one part
    std::uint64_t seed_;
};

// Where a stream stands: its next sample is number `offset` of its mixed window `window`.
struct ReadPosition {
    std::uint64_t window = 0, offset = 0;
    friend bool operator==(const ReadPosition&, const ReadPosition&) = default;
};

// The samples of a window in memory, in the order of their use.
struct MixedWindow {
    struct Origin {
        const std::string* shard;  // name, lives as long as Frames
        std::uint64_t epoch;
    };
    std::vector<shard::Sample> samples;
    std::vector<Origin> origins;  // by sample
    std::uint64_t number = 0;
};

// Samples [begin, end) of a window.
struct SampleRange {
    std::shared_ptr<const MixedWindow> window;
    std::size_t begin = 0, end = 0;
};

// One stream, from a position on. Holds a window of frames in memory. For one thread at a time.
class ReadStream {
public:
    ReadStream(const Frames& frames, ReadPlan plan, std::int64_t number, std::uint64_t seed,
               ReadPosition start);

    // The next 1 to `most` samples, all of one window. Throws DataError if frames cannot be read,
    // or hold no sample for a whole epoch.
    SampleRange next(std::size_t most);

private:
    std::shared_ptr<const MixedWindow> load(std::uint64_t number) const;

    const Frames& frames_;
    FrameSequence sequence_;
    ReadPlan plan_;
    std::int64_t number_;
    std::uint64_t seed_;
    ReadPosition next_;
    std::shared_ptr<const MixedWindow> window_;
};

}  // namespace lip::train
