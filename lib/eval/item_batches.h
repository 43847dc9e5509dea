// Items of a stream of images in batches, each prepared by several threads, in the order of the
// input.
#pragma once

#include "cli/error.h"
#include "record/errors.h"
#include "record/ordered.h"
#include "shard/images.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lip::eval {

template <class Prepared>
struct ItemBatch {
    std::vector<shard::ImageRecord> items;  // without their bytes
    std::vector<Prepared> prepared;         // of each item
};

// Holds the image files of one batch at a time, or of two: where the input is files and there are
// several threads, the next batch is read and prepared while the last one is worked with. One
// thread at a time.
template <class Prepared>
class ItemBatches {
public:
    // Makes of an item what is worked with; a reject leaves the item out. Called by several
    // threads, also after next() has returned.
    using Prepare = std::function<cli::Result<Prepared>(const shard::ImageRecord& item)>;

    // Keeps references to both.
    ItemBatches(shard::ImageStream& stream, record::ErrorLog& errors, std::int64_t batch_size,
                int threads, Prepare prepare)
        : stream_(stream),
          errors_(errors),
          batch_size_(static_cast<std::size_t>(batch_size)),
          threads_(threads),
          prepare_(std::move(prepare)),
          reads_ahead_(threads > 1 && stream.never_waits()) {}

    // The next items that can be used, at most a batch of them; nothing at the end. Others go to
    // the log. When reading fails, what was read before is given out first, and the next call
    // throws.
    std::optional<ItemBatch<Prepared>> next() {
        for (;;) {
            Ahead ahead = next_.valid() ? next_.get() : read_and_prepare();
            const bool at_end = ahead.items.empty();
            ItemBatch<Prepared> batch = usable(ahead);
            if (batch.items.empty() && ahead.failure) std::rethrow_exception(ahead.failure);
            if (at_end) return std::nullopt;
            if (reads_ahead_ && !failure_)
                next_ = std::async(std::launch::async, [this] { return read_and_prepare(); });
            if (!batch.items.empty()) return batch;
        }
    }

private:
    // A batch as it was read, and what there was to say on the way.
    struct Ahead {
        std::vector<shard::ImageRecord> items;
        std::vector<cli::Result<Prepared>> prepared;
        std::exception_ptr failure;  // behind the items
        record::ErrorLog::Held said;
        std::vector<std::size_t> said_before;  // an item: how much
    };

    Ahead read_and_prepare() {
        Ahead ahead;
        try {
            if (reads_ahead_) errors_.hold();
            read(ahead);
            if (reads_ahead_) ahead.said = errors_.release();
            prepare(ahead);
        } catch (...) {  // of preparing
            ahead.failure = std::current_exception();
            ahead.items.clear();
        }
        return ahead;
    }

    void read(Ahead& ahead) {
        ahead.failure = failure_;
        if (failure_) return;
        try {
            while (!at_end_ && ahead.items.size() < batch_size_) {
                shard::ImageRecord item;
                at_end_ = !stream_.next(item);
                if (at_end_) break;
                ahead.items.push_back(std::move(item));
                ahead.said_before.push_back(errors_.held());
            }
        } catch (...) {
            failure_ = std::current_exception();
            ahead.failure = failure_;
        }
    }

    void prepare(Ahead& ahead) const {
        std::size_t produced = 0, committed = 0;
        const auto produce = [&]() -> std::optional<shard::ImageRecord*> {
            if (produced == ahead.items.size()) return std::nullopt;
            return &ahead.items[produced++];
        };
        const auto work = [&](shard::ImageRecord*& item) { return prepare_(*item); };
        const auto commit = [&](cli::Result<Prepared>& prepared) {
            ahead.items[committed++].bytes = {};
            ahead.prepared.push_back(std::move(prepared));
        };
        const int threads = std::min(threads_, static_cast<int>(ahead.items.size()));
        record::run_ordered<shard::ImageRecord*, cli::Result<Prepared>>(threads, produce, work,
                                                                        commit);
    }

    // Says what there was to say, item by item. If that is an error, the items before it come
    // first.
    ItemBatch<Prepared> usable(Ahead& ahead) {
        ItemBatch<Prepared> batch;
        try {
            take(ahead, batch);
        } catch (...) {
            failure_ = std::current_exception();
            if (batch.items.empty()) throw;
        }
        return batch;
    }

    void take(Ahead& ahead, ItemBatch<Prepared>& batch) {
        std::size_t said = 0;
        for (std::size_t i = 0; i < ahead.items.size(); ++i) {
            shard::ImageRecord& item = ahead.items[i];
            cli::Result<Prepared>& prepared = ahead.prepared[i];
            errors_.say(ahead.said, said, ahead.said_before[i]);
            said = ahead.said_before[i];
            if (prepared) {
                batch.prepared.push_back(std::move(*prepared));
                batch.items.push_back(std::move(item));
                continue;
            }
            std::string line;
            record::append_json(line, item.record);
            errors_.report(item.place, prepared.reject(), line);
        }
        errors_.say(ahead.said, said, ahead.said.size());
    }

    shard::ImageStream& stream_;
    record::ErrorLog& errors_;
    std::size_t batch_size_;
    int threads_;
    Prepare prepare_;
    bool reads_ahead_;
    std::exception_ptr failure_;
    bool at_end_ = false;
    std::future<Ahead> next_;  // last: it ends before what it uses goes
};

}  // namespace lip::eval
