#include "train/regions.h"

#include "record/keyed_rng.h"

#include <algorithm>
#include <utility>

namespace lip::train {

DrawnRegions draw_regions(const record::Record& record, int width, int height, int size,
                          image::ResizeMode mode, const RegionSettings& settings,
                          std::uint64_t seed, std::uint64_t epoch) {
    DrawnRegions drawn;
    std::vector<DrawnRegion>& all = drawn.regions;
    for (const record::Region& region : record.regions) {
        if (region.text.empty()) continue;
        const image::UnitBox box = image::to_square(region.box, width, height, size, mode);
        if (image::area(box) >= settings.min_area)
            all.push_back({box, region.text});
        else
            ++drawn.too_small;
    }
    record::KeyedRng rng(seed, epoch, record::Stream::kRegions, record.key);
    const auto count = std::min(all.size(), static_cast<std::size_t>(settings.count));
    for (std::size_t i = 0; i < count; ++i) std::swap(all[i], all[i + rng.below(all.size() - i)]);
    all.resize(count);
    return drawn;
}

}  // namespace lip::train
