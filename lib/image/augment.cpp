#include "image/augment.h"

#include "image/colour.h"
#include "image/shape.h"

#include <cmath>
#include <utility>

namespace lip::image {
namespace {

constexpr int kBins = 30;  // of magnitudes

void jitter(Image& image, const Augmentation& drawn) {
    for (const int which : drawn.jitter_order) {
        switch (which) {
            case 0:
                adjust_brightness(image, drawn.brightness);
                break;
            case 1:
                adjust_contrast(image, drawn.contrast);
                break;
            case 2:
                adjust_saturation(image, drawn.saturation);
                break;
            default:
                adjust_hue(image, static_cast<float>(drawn.hue));
        }
    }
}

}  // namespace

Augmentation draw_augmentation(const AugmentSettings& settings, record::KeyedRng& rng) {
    Augmentation drawn;
    drawn.jitter = rng.uniform() < settings.jitter;
    drawn.brightness = rng.uniform(1 - settings.brightness, 1 + settings.brightness);
    drawn.contrast = rng.uniform(1 - settings.contrast, 1 + settings.contrast);
    drawn.saturation = rng.uniform(1 - settings.saturation, 1 + settings.saturation);
    drawn.hue = rng.uniform(-settings.hue, settings.hue);
    for (std::size_t i = 3; i > 0; --i)
        std::swap(drawn.jitter_order[i], drawn.jitter_order[rng.below(i + 1)]);
    drawn.grey = rng.uniform() < settings.grey;
    drawn.blur = rng.uniform() < settings.blur;
    drawn.sigma = static_cast<float>(rng.uniform(settings.min_sigma, settings.max_sigma));
    drawn.flip = rng.uniform() < settings.flip;
    for (Augmentation::Step& step : drawn.steps) {
        // One number for both, so that there are as many as the header says.
        const std::uint64_t which = rng.below(2 * kOperations);
        step = {static_cast<Operation>(which / 2), which % 2 == 1};
    }
    drawn.step_count = settings.rand_augment;
    drawn.magnitude = settings.magnitude;
    return drawn;
}

void augment(Image& image, const Augmentation& drawn) {
    if (drawn.jitter) jitter(image, drawn);
    if (drawn.grey) to_grey(image);
    if (drawn.blur) blur(image, drawn.sigma);
    if (drawn.flip) flip(image);
    for (int i = 0; i < drawn.step_count; ++i)
        apply(image, drawn.steps[static_cast<std::size_t>(i)], drawn.magnitude);
}

void apply(Image& image, const Augmentation::Step& step, int magnitude) {
    const double share = static_cast<double>(magnitude) / kBins;
    const double sign = step.is_negative ? -1 : 1;
    const auto shear = static_cast<float>(sign * 0.3 * share);
    const double factor = 1 + sign * 0.9 * share;
    // Whole pixels, at most 150 of 331.
    const auto moved = [&](int side) {
        return static_cast<float>(sign * std::trunc(150.0 / 331 * side * share));
    };
    switch (step.operation) {
        case Operation::kIdentity:
            return;
        case Operation::kShearX:
            return transform(image, {.b = shear});
        case Operation::kShearY:
            return transform(image, {.d = shear});
        case Operation::kTranslateX:
            return transform(image, {.c = -moved(image.width)});
        case Operation::kTranslateY:
            return transform(image, {.f = -moved(image.height)});
        case Operation::kRotate:
            return transform(image, rotation(image, static_cast<float>(sign * 30 * share)));
        case Operation::kBrightness:
            return adjust_brightness(image, factor);
        case Operation::kColour:
            return adjust_saturation(image, factor);
        case Operation::kContrast:
            return adjust_contrast(image, factor);
        case Operation::kSharpness:
            return adjust_sharpness(image, factor);
        case Operation::kPosterize:
            return posterize(image, 8 - static_cast<int>(std::nearbyint(4 * share)));
        case Operation::kSolarize:
            return solarize(image, static_cast<float>(255 * (1 - share)));
        case Operation::kAutoContrast:
            return autocontrast(image);
        case Operation::kEqualize:
            return equalize(image);
    }
}

}  // namespace lip::image
