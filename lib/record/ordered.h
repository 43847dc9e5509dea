// Work on many items by several threads with results committed in the order of the items: output
// never depends on the number of threads.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace lip::record {

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
    std::mutex produce_mutex, mutex;
    std::condition_variable room;
    std::map<std::uint64_t, Out> done;
    std::map<std::uint64_t, std::exception_ptr> failed;  // by position in the order
    std::uint64_t produced = 0, committed = 0;
    bool finished = false, committing = false;
    std::exception_ptr failure;
    const std::uint64_t window = 4 * static_cast<std::uint64_t>(threads);

    // Commits what is next in order. Only one thread commits at a time; others leave their result.
    const auto commit_ready = [&](std::unique_lock<std::mutex>& lock) {
        if (committing) return;
        committing = true;
        while (!failure) {
            if (const auto bad = failed.find(committed); bad != failed.end()) {
                failure = bad->second;
                break;
            }
            const auto next = done.find(committed);
            if (next == done.end()) break;
            Out result = std::move(next->second);
            done.erase(next);
            lock.unlock();
            std::exception_ptr problem;
            try {
                commit(result);
            } catch (...) {
                problem = std::current_exception();
            }
            lock.lock();
            ++committed;
            if (problem) failure = problem;
            room.notify_all();
        }
        committing = false;
        room.notify_all();
    };
    const auto worker = [&] {
        for (;;) {
            std::optional<In> item;
            std::uint64_t position = 0;
            std::exception_ptr problem;
            {
                const std::lock_guard order(produce_mutex);
                std::unique_lock lock(mutex);
                room.wait(lock,
                          [&] { return finished || failure || produced - committed < window; });
                if (finished || failure) return;
                position = produced++;
                lock.unlock();
                try {
                    item = produce();
                } catch (...) {
                    problem = std::current_exception();
                }
                lock.lock();
                if (!item) finished = true, room.notify_all();
                if (!item && !problem) {
                    --produced;
                    return;
                }
            }
            std::optional<Out> result;
            if (!problem) {
                try {
                    result.emplace(work(*item));
                } catch (...) {
                    problem = std::current_exception();
                }
            }
            std::unique_lock lock(mutex);
            if (problem)
                failed.emplace(position, problem);
            else
                done.emplace(position, std::move(*result));
            commit_ready(lock);
            if (problem) return;
        }
    };
    std::vector<std::thread> pool;
    for (int i = 0; i < threads; ++i) pool.emplace_back(worker);
    for (std::thread& thread : pool) thread.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace lip::record
