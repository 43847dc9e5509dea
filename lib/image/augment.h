// Random changes of training images beside the crop: jitter of colours, grey, blur, mirroring and
// RandAugment. First all parameters are drawn, then they are applied, so that the numbers drawn
// never depend on what is switched on. Pure functions; any thread.
#pragma once

#include <array>

#include "image/image.h"
#include "record/keyed_rng.h"

namespace lip::image {

// Probabilities are 0: off. `strong` of train sets those of its manual page.
struct AugmentSettings {
    double jitter = 0;
    double brightness = 0.4, contrast = 0.4, saturation = 0.4;  // factors 1 - x .. 1 + x
    double hue = 0.1;                                           // turns -x .. x
    double grey = 0;
    double blur = 0;
    double min_sigma = 0.1, max_sigma = 2;
    double flip = 0;
    int rand_augment = 0;  // operations, at most kMaxOperations
    int magnitude = 7;     // 0 .. 30
};

inline constexpr int kMaxOperations = 2;

// Those of RandAugment, in torchvision's order.
enum class Operation {
    kIdentity,
    kShearX,
    kShearY,
    kTranslateX,
    kTranslateY,
    kRotate,
    kBrightness,
    kColour,
    kContrast,
    kSharpness,
    kPosterize,
    kSolarize,
    kAutoContrast,
    kEqualize,
};
inline constexpr int kOperations = 14;

// What is done to one image, in this order.
struct Augmentation {
    bool jitter = false;
    std::array<int, 4> jitter_order{0, 1, 2, 3};  // brightness, contrast, saturation, hue
    double brightness = 1, contrast = 1, saturation = 1, hue = 0;
    bool grey = false;
    bool blur = false;
    float sigma = 1;
    bool flip = false;
    struct Step {
        Operation operation = Operation::kIdentity;
        bool is_negative = false;  // where there are two directions
    };
    std::array<Step, kMaxOperations> steps;
    int step_count = 0;
    int magnitude = 0;
};

// Takes 14 numbers from `rng`, whatever the settings are.
Augmentation draw_augmentation(const AugmentSettings& settings, record::KeyedRng& rng);

void augment(Image& image, const Augmentation& drawn);

// An operation of RandAugment at `magnitude` of 0 .. 30.
void apply(Image& image, const Augmentation::Step& step, int magnitude);

}  // namespace lip::image
