// Masks without training: every patch is compared with the names of the classes, in windows over
// the image, and how well masks agree with the truth.
#pragma once

#include "cli/error.h"
#include "eval/classes.h"
#include "image/image.h"
#include "model/language_image_model.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lip::eval {

// Masks hold bytes.
inline constexpr std::int64_t kMostSegmentClasses = 256;

struct SegmentSettings {
    // Pixels of the model's input. The image is resized so that its short side has short_side
    // pixels, or less if its long side would exceed long_side; 0 keeps the size.
    std::int64_t short_side = 336, long_side = 2048;
    // Windows of window x window pixels, stride apart; a multiple of the patch size. 0: one window,
    // the whole image.
    std::int64_t window = 224, stride = 112;
    model::DenseAttention attention = model::DenseAttention::kPlain;
    double scale = 40;  // factor on the cosines before softmax
    // Added to the cosines of a name's pixels, times the cosine of the whole image with the name.
    double image_prior = 0;
    std::optional<std::int64_t> background;  // index of the class that means "none of them"
    double prob_threshold = 0;  // pixels with a lower best probability become background
    double area_threshold = 0;  // classes with at most this share of the foreground vanish
    // kMax: the probability of a class is the highest of its names, after a softmax over all names.
    // kMean: the mean of their cosines counts, in a softmax over the classes.
    Synonyms synonyms = Synonyms::kMax;
    std::int64_t batch_size = 64;  // windows at once
};

// Throws UsageError if window and patch size do not fit or a threshold lacks a background,
// DataError for more than kMostSegmentClasses.
void check(const SegmentSettings& settings, std::int64_t patch, std::int64_t classes);

// Rows begin .. end - 1 of the names are those of one class.
struct NameRows {
    std::int64_t begin = 0, end = 0;
};

// Where windows of `window` pixels begin along a side of `size` pixels: their number is
// max(size - window + stride - 1, 0) / stride + 1, rounded down; one that would leave the image is
// moved back inside. Requires positive arguments. At most one window if size <= window.
std::vector<std::int64_t> window_starts(std::int64_t size, std::int64_t window,
                                        std::int64_t stride);

// The size at which the model sees an image: both sides times
// f = min(short_side / short, long_side / long) rounded half up; then a side that one window covers
// (and every side with window 0) is rounded to the nearest multiple of the patch size, at least one
// patch, so that no pixel is cut off or invented.
struct InputSize {
    std::int64_t width = 0, height = 0;
};
InputSize input_size(int width, int height, std::int64_t patch, const SegmentSettings& settings);

// [C, h, w] -> rows row_begin .. row_end - 1 of its bilinear enlargement to [C, height, width]
// (align_corners off, no antialiasing). In bands, because a photo times 150 classes fills memory.
at::Tensor resize_rows(const at::Tensor& maps, std::int64_t height, std::int64_t width,
                       std::int64_t row_begin, std::int64_t row_end);

// Const calls are safe from several threads; each uses the threads of LibTorch.
class Segmenter {
public:
    // Keeps a reference to the model. Throws as check() does.
    Segmenter(const model::LanguageImageModel& model, at::ScalarType precision,
              ClassWeights classes, const SegmentSettings& settings);

    // The class of every pixel. Rejects with bad-image an image whose scores would need more than
    // 8 GiB at its input size.
    cli::Result<image::Mask> operator()(const image::Image& image) const;

    const SegmentSettings& settings() const { return settings_; }

private:
    at::Tensor cosines(const image::Image& image, const InputSize& size) const;  // [Q, h, w]
    at::Tensor image_scores(const image::Image& image) const;                    // [Q]
    at::Tensor probabilities(const at::Tensor& cosines) const;                   // [classes, h, w]
    std::vector<std::int64_t> vanishing(const std::vector<std::int64_t>& pixels) const;

    const model::LanguageImageModel& model_;
    at::ScalarType precision_;
    ClassWeights classes_;
    std::vector<NameRows> rows_;  // of each class
    SegmentSettings settings_;
};

// Pixels of one image, or of many added up, by class.
struct PixelCounts {
    std::vector<std::int64_t> hits;       // truth and prediction are the class
    std::vector<std::int64_t> predicted;  // where the truth is not ignored
    std::vector<std::int64_t> labelled;

    explicit PixelCounts(std::size_t classes)
        : hits(classes), predicted(classes), labelled(classes) {}
    void add(const PixelCounts& other);
};

struct TruthRule {
    int ignore_index = 255;          // this value of the truth counts nowhere; -1: none
    bool reduce_zero_label = false;  // so does 0, and the others move down by one
};

// Compares a mask of classes 0 .. classes - 1 with the truth. Rejects with bad-mask a truth of
// another size or with a value that is neither a class nor ignored.
cli::Result<PixelCounts> compare_masks(const image::Mask& predicted, const image::Mask& truth,
                                       std::size_t classes, const TruthRule& rule);

// Fractions. Classes that occur neither in truth nor prediction have no IoU (nan) and do not enter
// the means; mean_accuracy is over classes that occur in the truth. All nan of nothing.
struct SegmentScores {
    double mean_iou = 0, mean_accuracy = 0, pixel_accuracy = 0;
    std::vector<double> iou;  // by class
};
SegmentScores segment_scores(const PixelCounts& counts);

}  // namespace lip::eval
