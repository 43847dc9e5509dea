// Work on many items by several threads with results committed in the order of the items: output
// never depends on the number of threads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace lip::record {

// The threads of run_ordered(), where there are several. Each takes an item, works on it, leaves
// the result under the item's position and commits what is next in order.
template <class In, class Out>
class OrderedWorkers {
public:
    using Produce = std::function<std::optional<In>()>;
    using Work = std::function<Out(In&)>;
    using Commit = std::function<void(Out&)>;

    // Keeps references.
    OrderedWorkers(int threads, const Produce& produce, const Work& work, const Commit& commit)
        : threads_(threads),
          window_(4 * static_cast<std::uint64_t>(threads)),
          produce_(produce),
          work_(work),
          commit_(commit) {}

    void run() {
        std::vector<std::thread> workers;
        for (int i = 0; i < threads_; ++i) workers.emplace_back([this] { work_on_items(); });
        for (std::thread& worker : workers) worker.join();
        if (failure_) std::rethrow_exception(failure_);
    }

private:
    // An item, or why there is none.
    struct Job {
        std::uint64_t position = 0;  // in the order
        std::optional<In> item = {};
        std::exception_ptr problem = {};
    };

    void work_on_items() {
        while (std::optional<Job> job = next_job()) {
            std::optional<Out> result;
            if (!job->problem) {
                try {
                    result.emplace(work_(*job->item));
                } catch (...) {
                    job->problem = std::current_exception();
                }
            }
            std::unique_lock lock(mutex_);
            if (job->problem)
                failed_.emplace(job->position, job->problem);
            else
                done_.emplace(job->position, std::move(*result));
            commit_ready(lock);
            if (job->problem) return;
        }
    }

    // Waits for room in the window. Nothing at the end and after a failure.
    std::optional<Job> next_job() {
        const std::lock_guard in_order(produce_mutex_);
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return ended_ || failure_ || produced_ - committed_ < window_; });
        if (ended_ || failure_) return std::nullopt;
        std::optional<Job> job(std::in_place);
        job->position = produced_++;
        lock.unlock();
        try {
            job->item = produce_();
        } catch (...) {
            job->problem = std::current_exception();
        }
        lock.lock();
        if (job->item) return job;
        ended_ = true;
        changed_.notify_all();
        if (job->problem) return job;
        --produced_;
        return std::nullopt;
    }

    // Commits what is next in order. Only one thread commits at a time; others leave their result.
    void commit_ready(std::unique_lock<std::mutex>& lock) {
        if (committing_) return;
        committing_ = true;
        while (!failure_) {
            if (const auto bad = failed_.find(committed_); bad != failed_.end()) {
                failure_ = bad->second;
                break;
            }
            const auto next = done_.find(committed_);
            if (next == done_.end()) break;
            Out result = std::move(next->second);
            done_.erase(next);
            commit_next(result, lock);
        }
        committing_ = false;
        changed_.notify_all();
    }

    // Without the lock while it commits.
    void commit_next(Out& result, std::unique_lock<std::mutex>& lock) {
        lock.unlock();
        std::exception_ptr problem;
        try {
            commit_(result);
        } catch (...) {
            problem = std::current_exception();
        }
        lock.lock();
        ++committed_;
        if (problem) failure_ = problem;
        changed_.notify_all();
    }

    const int threads_;
    const std::uint64_t window_;  // most items in flight
    const Produce& produce_;
    const Work& work_;
    const Commit& commit_;

    std::mutex produce_mutex_;  // taken before mutex_
    std::mutex mutex_;          // guards all that follows
    std::condition_variable changed_;
    std::map<std::uint64_t, Out> done_;
    std::map<std::uint64_t, std::exception_ptr> failed_;  // both by position
    std::uint64_t produced_ = 0, committed_ = 0;
    bool ended_ = false, committing_ = false;
    std::exception_ptr failure_;
};

// Calls produce (until it gives nothing), work and commit for every item. produce and commit are
// called by one thread at a time, in order; work by `threads` threads at once. At most 4·threads
// items are in flight. With one thread all runs in the caller. The first exception of any of them
// stops everything and is rethrown; what came before it in order has been committed.
template <class In, class Out>
void run_ordered(int threads, const std::function<std::optional<In>()>& produce,
                 const std::function<Out(In&)>& work, const std::function<void(Out&)>& commit) {
    if (threads <= 1) {
        while (std::optional<In> item = produce()) {
            Out result = work(*item);
            commit(result);
        }
        return;
    }
    OrderedWorkers<In, Out>(threads, produce, work, commit).run();
}

}  // namespace lip::record
