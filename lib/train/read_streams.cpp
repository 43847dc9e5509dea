#include "train/read_streams.h"

#include "cli/error.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

namespace lip::train {
namespace {

constexpr std::int64_t kMostStreams = 64;
constexpr std::int64_t kMixedFrames = 32;  // of all streams together, at least
constexpr std::uint64_t kMixedBytes = 256 << 20;
constexpr std::uint64_t kBlock = 4096;  // frames
constexpr std::uint64_t kFrameSalt = 1, kBlockSalt = 2, kSampleSalt = 3;

// Streams whose windows of one frame each fit into memory.
std::int64_t streams_in_memory(const Frames& frames) {
    const std::uint64_t largest = std::max<std::uint64_t>(frames.largest(), 1);
    return std::max<std::int64_t>(static_cast<std::int64_t>(kMixedBytes / largest), 1);
}

}  // namespace

ReadPlan plan_streams(const Frames& frames, std::int64_t streams) {
    const std::int64_t in_memory = streams_in_memory(frames) / streams,
                       in_epoch = static_cast<std::int64_t>(frames.size()) / streams;
    const std::int64_t most = std::min({kMixedFrames / streams, in_memory, in_epoch});
    return {streams, std::max<std::int64_t>(most, 1)};
}

ReadPlan plan_streams(const Frames& frames, std::int64_t batch_size, std::int64_t ranks) {
    if (batch_size % ranks != 0)
        throw cli::UsageError("--batch-size " + std::to_string(batch_size) +
                              " cannot be divided among " + std::to_string(ranks) + " ranks");
    const auto half = static_cast<std::int64_t>(frames.size() / 2);
    const std::int64_t most =
        std::max<std::int64_t>(std::min({kMostStreams, half, streams_in_memory(frames)}), 1);
    std::int64_t streams = 1;
    for (std::int64_t n = 1; n <= most; ++n)
        if (batch_size % n == 0) streams = n;
    // Ranks are content with the order of one process if they can share it.
    if (streams % ranks != 0) streams = ranks;
    return plan_streams(frames, streams);
}

FrameSequence::FrameSequence(const Frames& frames, std::uint64_t seed)
    : parts_(frames.parts()), seed_(seed) {
    if (parts_.size() == 1) return;
    if (parts_.size() > kBlock / 4)
        throw cli::UsageError(
            "--data: more than 1024 different weights in sequence (give neighbours equal weights)");
    // At least one frame of each part, the others by largest remainder.
    std::vector<double> share;
    for (const Frames::Part& part : parts_)
        share.push_back(part.weight * static_cast<double>(part.count));
    const double all = std::accumulate(share.begin(), share.end(), 0.0);
    std::vector<std::uint64_t> counts(parts_.size(), 1);
    for (std::uint64_t n = parts_.size(); n < kBlock; ++n) {
        const auto missing = [&](std::size_t p) {
            return share[p] / all * kBlock - static_cast<double>(counts[p]);
        };
        std::size_t most = 0;
        for (std::size_t p = 1; p < parts_.size(); ++p)
            if (missing(p) > missing(most)) most = p;
        ++counts[most];
    }
    std::partial_sum(counts.begin(), counts.end(), std::back_inserter(ends_));
}

Visit FrameSequence::visit_part(const Frames::Part& part, std::uint64_t g) const {
    const std::uint64_t epoch = g / part.count;
    const shard::Permutation order(part.count, seed_, epoch, kFrameSalt);
    return {part.first + static_cast<std::size_t>(order(g % part.count)), epoch};
}

Visit FrameSequence::operator()(std::uint64_t g) const {
    if (parts_.size() == 1) return visit_part(parts_.front(), g);
    const std::uint64_t block = g / kBlock;
    const std::uint64_t place = shard::Permutation(kBlock, seed_, block, kBlockSalt)(g % kBlock);
    std::size_t p = 0;
    while (place >= ends_[p]) ++p;
    const std::uint64_t begin = p == 0 ? 0 : ends_[p - 1];
    return visit_part(parts_[p], block * (ends_[p] - begin) + place - begin);
}

ReadStream::ReadStream(const Frames& frames, ReadPlan plan, std::int64_t number, std::uint64_t seed,
                       ReadPosition start)
    : frames_(frames),
      sequence_(frames, seed),
      plan_(plan),
      number_(number),
      seed_(seed),
      next_(start) {}

SampleRange ReadStream::next(std::size_t most) {
    const auto in_epoch =
        static_cast<std::int64_t>(frames_.size()) / (plan_.streams * plan_.window_frames) + 1;
    for (std::int64_t empty = 0; !window_ || next_.offset >= window_->samples.size(); ++empty) {
        if (empty > in_epoch) throw cli::DataError("the shards hold no samples");
        if (window_) next_ = {next_.window + 1, 0};
        window_ = load(next_.window);
    }
    const auto begin = static_cast<std::size_t>(next_.offset);
    const std::size_t end = std::min(begin + most, window_->samples.size());
    next_.offset = end;
    return {window_, begin, end};
}

std::shared_ptr<const MixedWindow> ReadStream::load(std::uint64_t number) const {
    MixedWindow in_order;
    const auto streams = static_cast<std::uint64_t>(plan_.streams),
               frames = static_cast<std::uint64_t>(plan_.window_frames),
               stream = static_cast<std::uint64_t>(number_);
    for (std::uint64_t i = number * frames; i < (number + 1) * frames; ++i) {
        const Visit visit = sequence_(i * streams + stream);
        auto samples = frames_.read(visit.frame);
        in_order.origins.insert(in_order.origins.end(), samples.size(),
                                {&frames_.shard_name(visit.frame), visit.epoch});
        std::ranges::move(samples, std::back_inserter(in_order.samples));
    }
    auto window = std::make_shared<MixedWindow>();
    window->number = number;
    const std::size_t count = in_order.samples.size();
    if (count == 0) return window;
    const shard::Permutation mix(count, seed_, number, kSampleSalt + stream);
    for (std::size_t i = 0; i < count; ++i) {
        const auto from = static_cast<std::size_t>(mix(i));
        window->samples.push_back(std::move(in_order.samples[from]));
        window->origins.push_back(in_order.origins[from]);
    }
    return window;
}

}  // namespace lip::train
