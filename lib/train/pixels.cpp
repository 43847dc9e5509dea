#include "train/pixels.h"

#include "image/augment.h"
#include "image/decode.h"
#include "image/decode_region.h"
#include "image/geometry.h"
#include "image/normalize.h"
#include "record/keyed_rng.h"

namespace lip::train {
namespace {

cli::Result<image::Image> random_crop(std::string_view file, const PixelSettings& settings,
                                      image::Filter filter, record::KeyedRng& rng) {
    const auto header = image::read_header(file);
    if (!header) return header.reject();
    const image::CropRange range{.min_area = settings.crop_scale};
    const int size = static_cast<int>(settings.image_size);
    return image::decode_region(
        file, {.box = image::random_resized_crop(header->width, header->height, range, rng),
               .width = size,
               .height = size,
               .filter = filter,
               .exact = settings.exact_decode});
}

// What the name of a run of DreamLIP's authors hints at (and MoCo v2 did), but for the mirroring.
image::AugmentSettings augmentation(const PixelSettings& settings) {
    image::AugmentSettings augmentation{.flip = settings.flip};
    if (settings.augment != Augment::kStrong) return augmentation;
    augmentation.jitter = 0.8;
    augmentation.grey = 0.2;
    augmentation.blur = 0.5;
    augmentation.rand_augment = 2;
    return augmentation;
}

// Every pixel decoded: what the evaluation tools see.
cli::Result<image::Image> whole(std::string_view file, const PixelSettings& settings,
                                image::Filter filter) {
    const auto picture = image::decode(file);
    if (!picture) return picture.reject();
    return image::preprocess(*picture, {.size = static_cast<int>(settings.image_size),
                                        .mode = settings.mode,
                                        .filter = filter,
                                        .padding = settings.padding});
}

}  // namespace

std::optional<cli::Reject> read_pixels(std::string_view file, const PixelSettings& settings,
                                       std::uint64_t seed, std::uint64_t epoch,
                                       std::string_view key, std::vector<std::uint8_t>& planes) {
    const auto filter = settings.bilinear ? image::Filter::kBilinear : image::Filter::kBicubic;
    record::KeyedRng rng(seed, epoch, record::Stream::kAugmentation, key);
    auto square = settings.augment == Augment::kNone ? whole(file, settings, filter)
                                                     : random_crop(file, settings, filter, rng);
    if (!square) return square.reject();
    if (settings.augment != Augment::kNone)
        image::augment(*square, image::draw_augmentation(augmentation(settings), rng));
    planes.resize(square->rgb.size());
    image::to_planar_bytes(*square, planes.data());
    return std::nullopt;
}

}  // namespace lip::train
