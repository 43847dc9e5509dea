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

// Holds the image files of one batch at a time. One thread at a time.
template <class Prepared>
class ItemBatches {
public:
    // Makes of an item what is worked with; a reject leaves the item out. Called by several
    // threads.
    using Prepare = std::function<cli::Result<Prepared>(const shard::ImageRecord& item)>;

    // Keeps references to both.
    ItemBatches(shard::ImageStream& stream, record::ErrorLog& errors, std::int64_t batch_size,
                int threads)
        : stream_(stream),
          errors_(errors),
          batch_size_(static_cast<std::size_t>(batch_size)),
          threads_(threads) {}

    // The next items that can be used, at most a batch of them; nothing at the end. Others go to
    // the log. When reading fails, what was read before is given out first, and the next call
    // throws.
    std::optional<ItemBatch<Prepared>> next(const Prepare& prepare) {
        for (;;) {
            std::vector<shard::ImageRecord> items = read();
            if (items.empty()) return std::nullopt;
            ItemBatch<Prepared> batch;
            std::size_t produced = 0, committed = 0;
            const auto produce = [&]() -> std::optional<shard::ImageRecord*> {
                if (produced == items.size()) return std::nullopt;
                return &items[produced++];
            };
            const auto work = [&](shard::ImageRecord*& item) { return prepare(*item); };
            const auto commit = [&](cli::Result<Prepared>& prepared) {
                shard::ImageRecord& item = items[committed++];
                item.bytes = {};
                if (prepared) {
                    batch.prepared.push_back(std::move(*prepared));
                    batch.items.push_back(std::move(item));
                    return;
                }
                std::string line;
                record::append_json(line, item.record);
                errors_.report(item.place, prepared.reject(), line);
            };
            const int threads = std::min(threads_, static_cast<int>(items.size()));
            record::run_ordered<shard::ImageRecord*, cli::Result<Prepared>>(threads, produce, work,
                                                                            commit);
            if (!batch.items.empty()) return batch;
        }
    }

private:
    std::vector<shard::ImageRecord> read() {
        std::vector<shard::ImageRecord> items;
        if (failure_) std::rethrow_exception(failure_);
        try {
            while (!at_end_ && items.size() < batch_size_) {
                shard::ImageRecord item;
                at_end_ = !stream_.next(item);
                if (!at_end_) items.push_back(std::move(item));
            }
        } catch (...) {
            failure_ = std::current_exception();
            if (items.empty()) throw;
        }
        return items;
    }

    shard::ImageStream& stream_;
    record::ErrorLog& errors_;
    std::size_t batch_size_;
    int threads_;
    std::exception_ptr failure_;
    bool at_end_ = false;
};

}  // namespace lip::eval
