// Images of a stream in batches, decoded and resized by several threads, in the order of the input.
#pragma once

#include "eval/embedder.h"
#include "record/errors.h"
#include "shard/images.h"

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <vector>

namespace lip::eval {

struct ImageBatch {
    std::vector<shard::ImageRecord> items;          // without their bytes
    std::vector<std::vector<std::uint8_t>> planes;  // of each item, as from Embedder::prepare()
};

// Holds one batch of image files at a time. One thread at a time.
class ImageBatches {
public:
    // Looks at an item before its image is decoded; a reject leaves the item out. Called by
    // several threads.
    using Check = std::function<std::optional<cli::Reject>(const shard::ImageRecord& item)>;

    // Keeps references to all three.
    ImageBatches(const Embedder& embedder, shard::ImageStream& stream, record::ErrorLog& errors,
                 std::int64_t batch_size, int threads)
        : embedder_(embedder),
          stream_(stream),
          errors_(errors),
          batch_size_(static_cast<std::size_t>(batch_size)),
          threads_(threads) {}

    // The next items that can be used, at most a batch of them; nothing at the end. Others go to
    // the log, with bad-image or as `check` says. When reading fails, what was read before is given
    // out first, and the next call throws.
    std::optional<ImageBatch> next(const Check& check = {});

private:
    std::vector<shard::ImageRecord> read();

    const Embedder& embedder_;
    shard::ImageStream& stream_;
    record::ErrorLog& errors_;
    std::size_t batch_size_;
    int threads_;
    std::exception_ptr failure_;
    bool at_end_ = false;
};

}  // namespace lip::eval
