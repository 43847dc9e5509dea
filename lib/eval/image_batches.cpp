#include "eval/image_batches.h"

#include <utility>

namespace lip::eval {

std::optional<ImageBatch> ImageBatches::next(const Check& check) {
    auto batch = batches_.next([&](const shard::ImageRecord& item) -> cli::Result<PreparedImage> {
        if (check)
            if (auto reject = check(item)) return *reject;
        std::vector<image::UnitBox> crops;
        if (regions_ == RegionPixels::kCrops)
            for (const record::Region& region : item.record.regions) crops.push_back(region.box);
        return embedder_.prepare(item.bytes, crops);
    });
    if (!batch) return std::nullopt;
    ImageBatch out;
    out.items = std::move(batch->items);
    for (PreparedImage& prepared : batch->prepared) {
        out.planes.push_back(std::move(prepared.planes));
        out.sizes.push_back(prepared.size);
        out.crops.push_back(std::move(prepared.crops));
    }
    return out;
}

}  // namespace lip::eval
