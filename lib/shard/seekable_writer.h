// SeekableWriter: packs frames with zstd, several at a time, and writes them in order with the
// table that finds them again.
#pragma once

#include "shard/seek_table.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace lip::shard {

// Each frame stands alone, with content size and content checksum. The bytes written are the same
// for any number of threads. One thread calls it, and `sink` is called in that thread.
// Memory: about 2 * threads frames, packed and unpacked.
class SeekableWriter {
public:
    using Sink = std::function<void(std::string_view)>;

    // threads <= 1 packs in the calling thread; more start that many workers.
    SeekableWriter(Sink sink, int threads);
    SeekableWriter(const SeekableWriter&) = delete;
    SeekableWriter& operator=(const SeekableWriter&) = delete;
    // Drops what was not written yet.
    ~SeekableWriter();

    // The frame being filled: append to it.
    std::string& frame() { return filling_->raw; }

    // Ends the frame; an empty one is none. Throws what `sink` throws, and DataError for a frame
    // over kMaxFrameBytes or a table of more than kMaxFrames.
    void end_frame(int level);

    // Writes all frames and the table. Requires: frame() is empty, called once.
    void finish();

    // Frames ended so far.
    std::uint64_t frames() const { return ended_; }

    // Above the largest sample with its headers, below what a table entry can say.
    static constexpr std::uint64_t kMaxFrameBytes = std::uint64_t{3} << 29;
    static constexpr std::uint64_t kMaxFrames = 0x8000000;  // the format's limit

private:
    struct Job {
        std::string raw;
        std::string packed;
        int level = 0;
        std::uint32_t checksum = 0;
        bool done = false;
        std::exception_ptr error;
    };

    static void pack(Job& job);
    void work();
    void submit(std::unique_ptr<Job> job);
    void write_oldest();
    bool oldest_is_done();

    Sink sink_;
    SeekTable table_;
    std::uint64_t ended_ = 0;
    std::unique_ptr<Job> filling_;
    std::deque<std::unique_ptr<Job>> in_flight_;  // in the order of the file
    std::vector<std::unique_ptr<Job>> spare_;     // buffers to fill again

    std::mutex mutex_;  // guards queue_, stop_ and Job::done
    std::condition_variable has_work_;
    std::condition_variable has_result_;
    std::deque<Job*> queue_;
    bool stop_ = false;
    std::vector<std::thread> workers_;
};

}  // namespace lip::shard
