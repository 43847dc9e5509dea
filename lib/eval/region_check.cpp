#include "eval/region_check.h"

#include "eval/retrieval.h"
#include "tensor/math.h"

#include <ATen/ATen.h>

#include <numeric>

namespace lip::eval {
namespace {

using at::Tensor;

constexpr std::int64_t kRecallAt = 10;
constexpr double kOverlap = 0.5;

}  // namespace

RegionCheck::RegionCheck(const Embedder& embedder, const Classes* classes,
                         const ClassWeights* weights, std::int64_t batch_size)
    : embedder_(embedder),
      classes_(classes),
      weights_(weights),
      of_regions_(embedder, RegionMode::kPrompter, batch_size),
      classification_(weights ? weights->classes : 1) {}

void RegionCheck::add(const ImageBatch& batch, const model::ImageMemory& images) {
    std::vector<std::string> texts;
    std::vector<std::int64_t> named;
    for (const shard::ImageRecord& item : batch.items)
        for (const record::Region& region : item.record.regions) {
            if (!region.text.empty()) named.push_back(std::ssize(texts));
            texts.push_back(region.text);
        }
    if (texts.empty()) return;
    const Tensor features = embedder_.text_features(texts);  // [R, D]
    const bool has_head = embedder_.model().prompter->has_head();
    const RegionEmbedder::Grounded grounded =
        has_head ? of_regions_.ground(batch, images, features)
                 : RegionEmbedder::Grounded{of_regions_(batch, images), {}};
    if (has_head) score_boxes(batch, grounded);
    if (classes_) classify(batch, grounded.regions);
    const Tensor rows = at::tensor(named, at::TensorOptions(at::kLong));
    vectors_.push_back(grounded.regions.vectors.index_select(0, rows));
    texts_.push_back(tensor::unit(features).index_select(0, rows));
}

void RegionCheck::classify(const ImageBatch& batch, const RegionVectors& regions) {
    const Tensor scores =
        class_scores(regions.vectors, *weights_, Synonyms::kMax).contiguous();  // [R, C]
    const float* row = scores.const_data_ptr<float>();
    for (const RegionPlace& place : regions.places) {
        const record::Record& record = batch.items[place.item].record;
        if (const auto truth = classes_->find(record.regions[place.region]))
            classification_.add(
                *truth, rank_of({row, static_cast<std::size_t>(weights_->classes)}, *truth));
        row += weights_->classes;
    }
}

void RegionCheck::score_boxes(const ImageBatch& batch, const RegionEmbedder::Grounded& grounded) {
    std::size_t first = 0;  // region of the image
    for (const shard::ImageRecord& item : batch.items) {
        for (const Target& target : targets_of(item.record).all)
            overlap_.add(
                image::iou(image::clipped(grounded.found[first + target.region]), target.box),
                kOverlap);
        first += item.record.regions.size();
    }
}

std::vector<Metric> RegionCheck::metrics() const {
    std::vector<Metric> out;
    if (classification_.items() > 0)
        for (Metric& metric : classification_.metrics(/*resamples=*/0))
            if (metric.name == "mean_per_class_recall")
                out.push_back({"mAcc", metric.value, std::nullopt});
    const Tensor vectors = vectors_.empty() ? Tensor() : at::cat(vectors_);
    if (vectors.defined() && vectors.size(0) > 0) {
        const Tensor texts = at::cat(texts_);
        std::vector<std::int64_t> own(static_cast<std::size_t>(vectors.size(0)));
        std::iota(own.begin(), own.end(), std::int64_t{0});
        const auto recall = [&](const Tensor& queries, const Tensor& candidates) {
            return recall_at(rank({queries, own}, {candidates, own}, {}).ranks, kRecallAt);
        };
        out.push_back({"regions", static_cast<double>(own.size()), std::nullopt});
        const std::string at = "_recall@" + std::to_string(kRecallAt);
        out.push_back({"r2t" + at, recall(vectors, texts), std::nullopt});
        out.push_back({"t2r" + at, recall(texts, vectors), std::nullopt});
    }
    if (overlap_.targets > 0)
        for (Metric& metric : accuracy({overlap_}, kOverlap, /*resamples=*/0))
            out.push_back(std::move(metric));
    return out;
}

}  // namespace lip::eval
