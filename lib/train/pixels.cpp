#include "train/pixels.h"

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

// Every pixel decoded: what the evaluation tools see.
cli::Result<image::Image> whole(std::string_view file, const PixelSettings& settings,
                                image::Filter filter) {
    const auto picture = image::decode(file);
    if (!picture) return picture.reject();
    return image::preprocess(*picture, {.size = static_cast<int>(settings.image_size),
                                        .mode = settings.squash ? image::ResizeMode::kSquash
                                                                : image::ResizeMode::kShortest,
                                        .filter = filter});
}

}  // namespace

std::optional<cli::Reject> read_pixels(std::string_view file, const PixelSettings& settings,
                                       std::uint64_t seed, std::uint64_t epoch,
                                       std::string_view key, std::vector<std::uint8_t>& planes) {
    const auto filter = settings.bilinear ? image::Filter::kBilinear : image::Filter::kBicubic;
    record::KeyedRng rng(seed, epoch, record::Stream::kAugmentation, key);
    const auto square = settings.augment == Augment::kNone
                            ? whole(file, settings, filter)
                            : random_crop(file, settings, filter, rng);
    if (!square) return square.reject();
    planes.resize(square->rgb.size());
    image::to_planar_bytes(*square, planes.data());
    return std::nullopt;
}

}  // namespace lip::train
