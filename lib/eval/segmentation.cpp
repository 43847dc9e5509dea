#include "eval/segmentation.h"

#include "image/normalize.h"
#include "image/resize.h"
#include "model/mixing.h"
#include "tensor/device.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

namespace lip::eval {
namespace {

using at::Tensor;

constexpr std::int64_t kBandBytes = 32 << 20;
constexpr double kMostScoreBytes = 8.0 * (1 << 30);

// One vector a class: its product with a unit vector is the mean of the names' cosines.
void take_means(ClassWeights& weights, const std::vector<NameRows>& rows) {
    for (Tensor* all : {&weights.names, &weights.queries}) {
        if (!all->defined()) continue;
        std::vector<Tensor> means;
        for (const NameRows& of : rows) means.push_back(all->slice(0, of.begin, of.end).mean(0));
        *all = at::stack(means);
    }
}

// Where the names of each class stand.
std::vector<NameRows> name_rows(const ClassWeights& weights) {
    std::vector<NameRows> rows(static_cast<std::size_t>(weights.classes));
    for (std::size_t i = 0; i < weights.owners.size(); ++i) {
        NameRows& of = rows[static_cast<std::size_t>(weights.owners[i])];
        const auto row = static_cast<std::int64_t>(i);
        if (of.end == 0) of.begin = row;
        of.end = row + 1;
    }
    return rows;
}

// The two neighbours of every output place along an axis, and the share of the second.
struct Neighbours {
    Tensor first, second;  // int64 [n]
    Tensor share;          // float [n]
};

// Output i lies at (i + 1/2) · in / out - 1/2 of the input.
Neighbours neighbours(std::int64_t in, std::int64_t out, std::int64_t begin, std::int64_t end,
                      c10::Device device) {
    const auto options = at::TensorOptions(at::kDouble).device(device);
    const double step = static_cast<double>(in) / static_cast<double>(out);
    const Tensor place = ((at::arange(begin, end, options) + 0.5) * step - 0.5).clamp_min(0);
    const Tensor first = place.floor().clamp_max(static_cast<double>(in - 1));
    return {first.to(at::kLong), (first + 1).clamp_max(static_cast<double>(in - 1)).to(at::kLong),
            (place - first).to(at::kFloat)};
}

void count_classes(const Tensor& chosen, std::vector<std::int64_t>& pixels) {
    const Tensor counts =
        at::bincount(chosen.flatten(), /*weights=*/{}, static_cast<std::int64_t>(pixels.size()))
            .to(at::kCPU);
    for (std::size_t c = 0; c < pixels.size(); ++c)
        pixels[c] += counts[static_cast<std::int64_t>(c)].item<std::int64_t>();
}

}  // namespace

void check(const SegmentSettings& s, std::int64_t patch, std::int64_t classes) {
    if (s.window > 0 && s.window % patch != 0)
        throw cli::UsageError("--window: " + std::to_string(s.window) +
                              " is not a multiple of the model's patch size " +
                              std::to_string(patch));
    if (s.window > 0 && (s.stride < 1 || s.stride > s.window))
        throw cli::UsageError("--stride: must be 1 to the window's " + std::to_string(s.window) +
                              ", otherwise pixels are left out");
    if (!s.background && (s.prob_threshold > 0 || s.area_threshold > 0))
        throw cli::UsageError("--prob-threshold and --area-threshold need --background ID");
    if (classes > kMostSegmentClasses)
        throw cli::DataError(std::to_string(classes) + " classes: a mask can hold at most " +
                             std::to_string(kMostSegmentClasses) + " apart");
}

std::vector<std::int64_t> window_starts(std::int64_t size, std::int64_t window,
                                        std::int64_t stride) {
    const std::int64_t count = std::max<std::int64_t>(size - window + stride - 1, 0) / stride + 1;
    std::vector<std::int64_t> starts;
    for (std::int64_t i = 0; i < count; ++i)
        starts.push_back(std::max<std::int64_t>(std::min(i * stride, size - window), 0));
    return starts;
}

InputSize input_size(int width, int height, std::int64_t patch, const SegmentSettings& settings) {
    const double shorter = std::min(width, height), longer = std::max(width, height);
    double f = 1;
    if (settings.short_side > 0)
        f = std::min(static_cast<double>(settings.short_side) / shorter,
                     static_cast<double>(settings.long_side) / longer);
    const auto side = [&](int stored) {
        const std::int64_t scaled = std::max<std::int64_t>(std::llround(f * stored), 1);
        if (settings.window > 0 && scaled > settings.window) return scaled;
        return std::max((scaled + patch / 2) / patch, std::int64_t{1}) * patch;
    };
    return {side(width), side(height)};
}

Tensor resize_rows(const Tensor& maps, std::int64_t height, std::int64_t width,
                   std::int64_t row_begin, std::int64_t row_end) {
    const Neighbours down = neighbours(maps.size(1), height, row_begin, row_end, maps.device());
    const Neighbours across = neighbours(maps.size(2), width, 0, width, maps.device());
    const Tensor rows =
        at::lerp(maps.index_select(1, down.first), maps.index_select(1, down.second),
                 down.share.unsqueeze(1));  // [C, rows, w]
    return at::lerp(rows.index_select(2, across.first), rows.index_select(2, across.second),
                    across.share);  // [C, rows, width]
}

Segmenter::Segmenter(const model::LanguageImageModel& model, at::ScalarType precision,
                     ClassWeights classes, const SegmentSettings& settings)
    : model_(model), precision_(precision), classes_(std::move(classes)), settings_(settings) {
    check(settings_, model.config.vision.patch_size, classes_.classes);
    rows_ = name_rows(classes_);
    if (settings_.synonyms == Synonyms::kMean) take_means(classes_, rows_);
    if (settings_.attention == model::DenseAttention::kHead) model::check_has_head(model.config);
    classes_.names = classes_.names.to(model.device());
    if (classes_.queries.defined()) classes_.queries = classes_.queries.to(model.device());
}

// Mean over the windows that cover a pixel of the cosines of its patch, enlarged bilinearly.
Tensor Segmenter::cosines(const image::Image& picture, const InputSize& size) const {
    const std::int64_t patch = model_.config.vision.patch_size, names = classes_.names.size(0);
    const image::Image input =
        image::resize(picture, static_cast<int>(size.width), static_cast<int>(size.height),
                      image::Filter::kBilinear);
    Tensor pixels = at::empty({3, size.height, size.width}, at::TensorOptions(at::kByte));
    image::to_planar_bytes(input, pixels.mutable_data_ptr<std::uint8_t>());

    const auto window_of = [&](std::int64_t side) {
        return settings_.window > 0 ? std::min(settings_.window, side) : side;
    };
    const std::int64_t h = window_of(size.height), w = window_of(size.width);
    std::vector<std::pair<std::int64_t, std::int64_t>> corners;  // y, x
    for (const std::int64_t y :
         window_starts(size.height, h, std::max<std::int64_t>(settings_.stride, 1)))
        for (const std::int64_t x :
             window_starts(size.width, w, std::max<std::int64_t>(settings_.stride, 1)))
            corners.emplace_back(y, x);

    const auto options = at::TensorOptions(at::kFloat).device(model_.device());
    const Tensor sums = at::zeros({names, size.height, size.width}, options);
    const Tensor cover = at::zeros({size.height, size.width}, options);
    const auto batch = static_cast<std::size_t>(settings_.batch_size);
    for (std::size_t begin = 0; begin < corners.size(); begin += batch) {
        const std::size_t end = std::min(begin + batch, corners.size());
        std::vector<Tensor> windows;
        for (std::size_t i = begin; i < end; ++i)
            windows.push_back(
                pixels.narrow(1, corners[i].first, h).narrow(2, corners[i].second, w));
        Tensor features;  // [B, P, D]
        {
            const tensor::Autocast autocast(model_.device(), precision_);
            features = model_.embed_patches(at::stack(windows), settings_.attention);
        }
        const Tensor maps = features
                                .matmul(classes_.names.t())  // [B, P, Q]
                                .transpose(1, 2)
                                .reshape({-1, names, h / patch, w / patch});
        for (std::size_t i = begin; i < end; ++i) {
            const auto [y, x] = corners[i];
            const Tensor map = maps.narrow(0, static_cast<std::int64_t>(i - begin), 1);
            sums.narrow(1, y, h).narrow(2, x, w).add_(
                at::upsample_bilinear2d(map, {h, w}, /*align_corners=*/false).squeeze(0));
            cover.narrow(0, y, h).narrow(1, x, w).add_(1);
        }
    }
    return sums / cover;
}

// Of the image as a square of the model's size, of which nothing is cut off.
Tensor Segmenter::image_scores(const image::Image& picture) const {
    const std::int64_t side = model_.config.vision.image_size;
    const image::Image square = image::resize(picture, static_cast<int>(side),
                                              static_cast<int>(side), image::Filter::kBilinear);
    const Tensor pixels = at::empty({1, 3, side, side}, at::TensorOptions(at::kByte));
    image::to_planar_bytes(square, pixels.mutable_data_ptr<std::uint8_t>());
    const tensor::Autocast autocast(model_.device(), precision_);
    const model::ImageFeatures features = model_.encode_images(pixels, model_.mixed_features());
    if (!model_.config.is_text_conditioned())
        return model_.image_vectors(features).matmul(classes_.names.t()).squeeze(0);
    const model::MixtureFeatures mixture = model_.mixture_of(features);
    const model::Readout& asked = model_.readout.value();
    return (model::mix(mixture, classes_.queries, asked.output(), asked.output_bias(), asked.heads)
                .vectors.squeeze(0) *
            classes_.names)
        .sum(-1)
        .to(at::kFloat);
}

Tensor Segmenter::probabilities(const Tensor& cosines) const {
    const Tensor p = at::softmax(cosines * settings_.scale, /*dim=*/0);  // over all names
    if (p.size(0) == classes_.classes) return p;
    std::vector<Tensor> best;
    for (const NameRows& of : rows_) best.push_back(p.slice(0, of.begin, of.end).amax(0));
    return at::stack(best);
}

// Foreground classes that occur, but in at most the threshold's share of the foreground.
std::vector<std::int64_t> Segmenter::vanishing(const std::vector<std::int64_t>& pixels) const {
    std::vector<std::int64_t> classes;
    if (settings_.area_threshold <= 0) return classes;
    const std::int64_t background = *settings_.background;
    std::int64_t foreground = 0;
    for (const std::int64_t n : pixels) foreground += n;
    foreground -= pixels[static_cast<std::size_t>(background)];
    for (std::size_t c = 0; c < pixels.size(); ++c) {
        const bool is_small = static_cast<double>(pixels[c]) <=
                              settings_.area_threshold * static_cast<double>(foreground);
        // One without a pixel goes too: it must not inherit those of another that vanishes.
        if (static_cast<std::int64_t>(c) != background && is_small)
            classes.push_back(static_cast<std::int64_t>(c));
    }
    return classes;
}

cli::Result<image::Mask> Segmenter::operator()(const image::Image& picture) const {
    const at::NoGradGuard no_grad;
    const std::int64_t width = picture.width, height = picture.height, classes = classes_.classes;
    const InputSize size =
        input_size(picture.width, picture.height, model_.config.vision.patch_size, settings_);
    const double bytes = 4.0 * static_cast<double>(classes_.names.size(0)) *
                         static_cast<double>(size.width) * static_cast<double>(size.height);
    if (bytes > kMostScoreBytes)
        return cli::Reject{"bad-image", std::to_string(size.width) + " x " +
                                            std::to_string(size.height) +
                                            " pixels with that many names need more than 8 GiB (a "
                                            "smaller --short-side needs less)"};
    Tensor map = cosines(picture, size);  // [Q, h, w]
    if (settings_.image_prior != 0)
        map.add_(settings_.image_prior * image_scores(picture).view({-1, 1, 1}));
    const std::int64_t names = map.size(0);
    const std::int64_t band = std::max<std::int64_t>(1, kBandBytes / 4 / (names * width));

    image::Mask mask{picture.width, picture.height,
                     std::vector<std::uint8_t>(image::pixel_count(picture.width, picture.height))};
    const Tensor out =
        at::from_blob(mask.value.data(), {height, width}, at::TensorOptions(at::kByte));
    std::vector<std::int64_t> pixels(static_cast<std::size_t>(classes));
    const auto choose = [&](const std::vector<std::int64_t>& without) {
        for (std::int64_t row = 0; row < height; row += band) {
            const std::int64_t end = std::min(row + band, height);
            Tensor p = probabilities(resize_rows(map, height, width, row, end));  // [C, rows, W]
            for (const std::int64_t c : without) p.select(0, c).zero_();
            auto [best, chosen] = p.max(/*dim=*/0);
            count_classes(chosen, pixels);
            if (settings_.background)
                chosen = chosen.masked_fill(best < settings_.prob_threshold, *settings_.background);
            out.slice(0, row, end).copy_(chosen);
        }
    };
    choose({});
    if (const auto without = vanishing(pixels); !without.empty()) choose(without);
    return mask;
}

void PixelCounts::add(const PixelCounts& other) {
    for (std::size_t c = 0; c < hits.size(); ++c) {
        hits[c] += other.hits[c];
        predicted[c] += other.predicted[c];
        labelled[c] += other.labelled[c];
    }
}

cli::Result<PixelCounts> compare_masks(const image::Mask& predicted, const image::Mask& truth,
                                       std::size_t classes, const TruthRule& rule) {
    if (predicted.width != truth.width || predicted.height != truth.height)
        return cli::Reject{"bad-mask", "the mask has " + std::to_string(truth.width) + " x " +
                                           std::to_string(truth.height) + " pixels, the image " +
                                           std::to_string(predicted.width) + " x " +
                                           std::to_string(predicted.height)};
    PixelCounts counts(classes);
    for (std::size_t i = 0; i < truth.value.size(); ++i) {
        const int value = truth.value[i];
        if (value == rule.ignore_index || (rule.reduce_zero_label && value == 0)) continue;
        const auto label = static_cast<std::size_t>(value - (rule.reduce_zero_label ? 1 : 0));
        if (label >= classes)
            return cli::Reject{"bad-mask", "the mask has the value " + std::to_string(value) +
                                               ", which is neither one of the " +
                                               std::to_string(classes) +
                                               " classes nor ignored (--ignore-index, "
                                               "--reduce-zero-label)"};
        const std::size_t guess = predicted.value[i];
        ++counts.labelled[label];
        ++counts.predicted[guess];
        if (guess == label) ++counts.hits[label];
    }
    return counts;
}

SegmentScores segment_scores(const PixelCounts& counts) {
    const auto share = [](std::int64_t part, std::int64_t whole) {
        return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : NAN;
    };
    const auto mean = [](const std::vector<double>& values) {
        double sum = 0, n = 0;
        for (const double value : values)
            if (!std::isnan(value)) sum += value, ++n;
        return n > 0 ? sum / n : NAN;
    };
    SegmentScores scores;
    std::vector<double> accuracy;
    std::int64_t hits = 0, labelled = 0;
    for (std::size_t c = 0; c < counts.hits.size(); ++c) {
        // Union: what is predicted or labelled, the hits stand in both.
        scores.iou.push_back(
            share(counts.hits[c], counts.predicted[c] + counts.labelled[c] - counts.hits[c]));
        accuracy.push_back(share(counts.hits[c], counts.labelled[c]));
        hits += counts.hits[c];
        labelled += counts.labelled[c];
    }
    scores.mean_iou = mean(scores.iou);
    scores.mean_accuracy = mean(accuracy);
    scores.pixel_accuracy = share(hits, labelled);
    return scores;
}

}  // namespace lip::eval
