#include "eval/image_batches.h"

#include <utility>

namespace lip::eval {

ImageBatches::ImageBatches(const Embedder& embedder, shard::ImageStream& stream,
                           record::ErrorLog& errors, std::int64_t batch_size, int threads,
                           RegionPixels regions, Check check)
    : batches_(stream, errors, batch_size, threads,
               [&embedder, regions, check = std::move(check)](
                   const shard::ImageRecord& item) -> cli::Result<PreparedImage> {
                   if (check)
                       if (auto reject = check(item)) return *reject;
                   std::vector<image::UnitBox> crops;
                   if (regions == RegionPixels::kCrops)
                       for (const record::Region& region : item.record.regions)
                           crops.push_back(region.box);
                   return embedder.prepare(item.bytes, crops);
               }) {}

std::optional<ImageBatch> ImageBatches::next() {
    auto batch = batches_.next();
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
