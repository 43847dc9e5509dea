#include "shard/seekable_writer.h"

#include "cli/error.h"

#include <xxhash.h>
#include <zstd.h>

#include <cassert>
#include <new>
#include <utility>

namespace lip::shard {
namespace {

struct FreeContext {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

std::size_t checked(std::size_t status) {
    if (ZSTD_isError(status) != 0) {
        throw cli::DataError(std::string("zstd cannot compress a frame: ") +
                             ZSTD_getErrorName(status));
    }
    return status;
}

}  // namespace

SeekableWriter::SeekableWriter(Sink sink, int threads)
    : sink_(std::move(sink)), filling_(std::make_unique<Job>()) {
    if (threads <= 1) return;
    for (int i = 0; i < threads; ++i) workers_.emplace_back([this] { work(); });
}

SeekableWriter::~SeekableWriter() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    has_work_.notify_all();
    for (std::thread& worker : workers_) worker.join();
}

// A context of its own for each frame: the bytes cannot depend on what a thread packed before.
// That costs microseconds, a frame milliseconds.
void SeekableWriter::pack(Job& job) {
    const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
    if (!context) throw std::bad_alloc();
    checked(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, job.level));
    checked(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1));
    job.packed.resize(ZSTD_compressBound(job.raw.size()));
    job.packed.resize(checked(ZSTD_compress2(context.get(), job.packed.data(), job.packed.size(),
                                             job.raw.data(), job.raw.size())));
    // Low half of XXH64 of the content, which zstd has just computed and put last.
    job.checksum = load32(job.packed.data() + job.packed.size() - 4);
}

void SeekableWriter::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        has_work_.wait(lock, [this] { return stop_ || !queue_.empty(); });
        if (stop_) return;
        Job& job = *queue_.front();
        queue_.pop_front();
        lock.unlock();
        try {
            pack(job);
        } catch (...) {
            job.error = std::current_exception();
        }
        lock.lock();
        job.done = true;
        has_result_.notify_one();
    }
}

void SeekableWriter::end_frame(int level) {
    if (filling_->raw.empty()) return;
    if (filling_->raw.size() > kMaxFrameBytes || ended_ == kMaxFrames) {
        throw cli::DataError(
            "a shard holds frames of at most 1.5 GiB, and at most 134217728 frames");
    }
    ++ended_;
    std::unique_ptr<Job> job = std::exchange(filling_, nullptr);
    job->level = level;
    job->done = false;
    if (spare_.empty()) {
        filling_ = std::make_unique<Job>();
    } else {
        filling_ = std::move(spare_.back());
        spare_.pop_back();
    }
    submit(std::move(job));
}

void SeekableWriter::submit(std::unique_ptr<Job> job) {
    if (workers_.empty()) {
        pack(*job);
        job->done = true;
        in_flight_.push_back(std::move(job));
        write_oldest();
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(job.get());
    }
    in_flight_.push_back(std::move(job));
    has_work_.notify_one();
    while (in_flight_.size() > 2 * workers_.size() || oldest_is_done()) write_oldest();
}

bool SeekableWriter::oldest_is_done() {
    const std::lock_guard lock(mutex_);
    return !in_flight_.empty() && in_flight_.front()->done;
}

void SeekableWriter::write_oldest() {
    {
        std::unique_lock lock(mutex_);
        has_result_.wait(lock, [this] { return in_flight_.front()->done; });
    }
    std::unique_ptr<Job> job = std::move(in_flight_.front());
    in_flight_.pop_front();
    if (job->error) std::rethrow_exception(job->error);
    sink_(job->packed);
    table_.frames.push_back({static_cast<std::uint32_t>(job->packed.size()),
                             static_cast<std::uint32_t>(job->raw.size()), job->checksum});
    job->raw.clear();
    spare_.push_back(std::move(job));
}

void SeekableWriter::finish() {
    assert(filling_->raw.empty());
    while (!in_flight_.empty()) write_oldest();
    sink_(encode_seek_table(table_));
}

}  // namespace lip::shard
