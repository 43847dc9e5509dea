// Images of a stream in batches, decoded and resized as a model wants them (eval/item_batches.h).
#pragma once

#include "eval/embedder.h"
#include "eval/item_batches.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace lip::eval {

struct ImageBatch {
    std::vector<shard::ImageRecord> items;          // without their bytes
    std::vector<std::vector<std::uint8_t>> planes;  // of each item, as from Embedder::prepare()
    std::vector<ImageSize> sizes;                   // of each item's image
    // Of each item the planes of its regions, if they were asked for.
    std::vector<std::vector<std::vector<std::uint8_t>>> crops;
};

// What is wanted of the regions of records, beside whole images.
enum class RegionPixels { kNone, kCrops };

// Holds one batch of image files at a time. One thread at a time.
class ImageBatches {
public:
    // Looks at an item before its image is decoded; a reject leaves the item out. Called by
    // several threads, also after next() has returned.
    using Check = std::function<std::optional<cli::Reject>(const shard::ImageRecord& item)>;

    // Keeps references to the first three.
    ImageBatches(const Embedder& embedder, shard::ImageStream& stream, record::ErrorLog& errors,
                 std::int64_t batch_size, int threads, RegionPixels regions = RegionPixels::kNone,
                 Check check = {});

    // As ItemBatches::next(). Items that cannot be used go to the log with bad-image, or as `check`
    // says.
    std::optional<ImageBatch> next();

private:
    ItemBatches<PreparedImage> batches_;
};

}  // namespace lip::eval
