#include "eval/image_batches.h"

#include "record/ordered.h"

#include <algorithm>

namespace lip::eval {

std::vector<shard::ImageRecord> ImageBatches::read() {
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

std::optional<ImageBatch> ImageBatches::next(const Check& check) {
    using Prepared = cli::Result<std::vector<std::uint8_t>>;
    for (;;) {
        std::vector<shard::ImageRecord> items = read();
        if (items.empty()) return std::nullopt;
        ImageBatch batch;
        std::size_t produced = 0, committed = 0;
        const auto produce = [&]() -> std::optional<shard::ImageRecord*> {
            if (produced == items.size()) return std::nullopt;
            return &items[produced++];
        };
        const auto work = [&](shard::ImageRecord*& item) -> Prepared {
            if (check)
                if (auto reject = check(*item)) return *reject;
            return embedder_.prepare(item->bytes);
        };
        const auto commit = [&](Prepared& prepared) {
            shard::ImageRecord& item = items[committed++];
            item.bytes = {};
            if (prepared) {
                batch.planes.push_back(std::move(*prepared));
                batch.items.push_back(std::move(item));
                return;
            }
            std::string line;
            record::append_json(line, item.record);
            errors_.report(item.place, prepared.reject(), line);
        };
        const int threads = std::min(threads_, static_cast<int>(items.size()));
        record::run_ordered<shard::ImageRecord*, Prepared>(threads, produce, work, commit);
        if (!batch.items.empty()) return batch;
    }
}

}  // namespace lip::eval
