#include "train/pixels.h"

#include "image/decode.h"
#include "image/geometry.h"
#include "image/normalize.h"
#include "image/resize.h"
#include "record/keyed_rng.h"

namespace lip::train {

std::optional<cli::Reject> read_pixels(std::string_view file, const PixelSettings& settings,
                                       std::uint64_t seed, std::uint64_t epoch,
                                       std::string_view key, std::vector<std::uint8_t>& planes) {
    const int size = static_cast<int>(settings.image_size);
    // Random crops keep most of the area, so the scaled picture still has every pixel that counts.
    auto picture = image::decode(file, {.apply_orientation = false, .min_short_side = 2 * size});
    if (!picture) return picture.reject();
    const auto filter = settings.bilinear ? image::Filter::kBilinear : image::Filter::kBicubic;
    image::Image square;
    if (settings.augment == Augment::kCrop) {
        record::KeyedRng rng(seed, epoch, record::Stream::kAugmentation, key);
        const image::CropRange range{.min_area = settings.crop_scale};
        const image::Box box =
            image::random_resized_crop(picture->width, picture->height, range, rng);
        square = image::resize_crop(*picture, box, size, size, filter);
    } else {
        const auto mode =
            settings.squash ? image::ResizeMode::kSquash : image::ResizeMode::kShortest;
        square = image::preprocess(*picture, {.size = size, .mode = mode, .filter = filter});
    }
    planes.resize(square.rgb.size());
    image::to_planar_bytes(square, planes.data());
    return std::nullopt;
}

}  // namespace lip::train
