#include "eval/progress_check.h"

#include "cli/error.h"
#include "eval/classification.h"
#include "eval/contrast.h"
#include "eval/pair_ranking.h"
#include "eval/region_check.h"
#include "shard/images.h"

#include <ATen/ATen.h>

namespace lip::eval {
namespace {

using at::Tensor;

// The only class of a record, if it has one that is known.
std::optional<std::int64_t> class_of(const record::Record& record, const Classes& classes) {
    if (record.labels.size() != 1) return std::nullopt;
    const auto found = classes.find(record.labels.front());
    return found ? std::optional(*found) : std::nullopt;
}

void add_recall(std::vector<Metric>& metrics, const std::string& side,
                const std::vector<double>& ranks) {
    for (const std::int64_t k : {1, 5, 10})
        metrics.push_back(
            {side + "_retrieval_recall@" + std::to_string(k), recall_at(ranks, k), std::nullopt});
}

void add_recalls(std::vector<Metric>& metrics, const Collection& all, const Embedder& embedder) {
    if (embedder.is_text_conditioned()) {
        const PairRankings rankings = rank_pairs(all, pair_scores_of(embedder), {});
        add_recall(metrics, "text", rankings.of_images.found.ranks);
        add_recall(metrics, "image", rankings.of_texts.found.ranks);
        return;
    }
    add_recall(metrics, "text", rank(all.images_with_texts(), all.text_vectors(), {}).ranks);
    add_recall(metrics, "image", rank(all.text_vectors(), all.image_vectors(), {}).ranks);
}

}  // namespace

record::StreamSettings ProgressCheck::stream() const {
    record::StreamSettings stream;
    stream.inputs = settings_.inputs;
    stream.skip_bad = true;
    return stream;
}

ProgressCheck::ProgressCheck(ProgressCheckSettings settings) : settings_(std::move(settings)) {
    if (!settings_.classes.empty()) {
        classes_.emplace(settings_.classes);
        templates_ = load_templates(settings_.templates);
    }
    record::ErrorLog errors(stream(), /*force=*/false);
    shard::ImageStream images({stream(), settings_.image_root, true}, errors);
    shard::ImageRecord item;
    if (!images.next(item))
        throw cli::DataError(
            settings_.inputs.front() +
            ": has no image that can be used (--image-root DIR sets where its image paths start)");
    count();
}

void ProgressCheck::count() {
    record::ErrorLog errors(stream(), /*force=*/false);
    shard::ImageStream records({stream(), settings_.image_root, /*need_images=*/false}, errors);
    shard::ImageRecord item;
    while (records.next(item)) {
        ++contents_.images;
        contents_.captions += std::ssize(item.record.captions);
        contents_.regions += std::ssize(item.record.regions);
        if (classes_ && class_of(item.record, *classes_)) ++contents_.labelled;
    }
}

std::vector<Metric> ProgressCheck::run(const std::string& checkpoint) const {
    EmbedderSettings with_model = settings_.embedder;
    with_model.model = checkpoint;
    const Embedder embedder(with_model);
    record::ErrorLog errors(stream(), /*force=*/false);
    shard::ImageStream images({stream(), settings_.image_root, true}, errors);
    std::optional<ClassWeights> weights;
    if (classes_) weights = class_weights(embedder, *classes_, templates_);
    Classification classification(weights ? weights->classes : 1);
    const auto classify = [&](const ImageBatch& batch, const EmbeddedImages& embedded) {
        const Tensor scores =
            class_scores(embedder, embedded, *weights, Synonyms::kMax).contiguous();
        const float* row = scores.const_data_ptr<float>();
        for (const shard::ImageRecord& item : batch.items) {
            if (const auto truth = class_of(item.record, *classes_))
                classification.add(
                    *truth, rank_of({row, static_cast<std::size_t>(weights->classes)}, *truth));
            row += weights->classes;
        }
    };
    std::optional<RegionCheck> regions;
    if (embedder.model().prompter)
        regions.emplace(embedder, weights ? &*classes_ : nullptr, weights ? &*weights : nullptr,
                        with_model.batch_size);
    const auto see = [&](const ImageBatch& batch, const EmbeddedImages& embedded) {
        if (weights) classify(batch, embedded);
        if (regions) regions->add(batch, embedded.memory);
    };
    const Collection all = embed_collection(images, {.memory = regions.has_value()}, embedder,
                                            errors, with_model.batch_size, with_model.threads, see);
    std::vector<Metric> metrics;
    if (!all.texts.empty()) {
        metrics.push_back({"loss", loss_of(all, contrast_of(embedder)), std::nullopt});
        add_recalls(metrics, all, embedder);
    }
    if (classification.items() > 0)
        for (Metric& metric : classification.metrics(/*resamples=*/0))
            metrics.push_back(std::move(metric));
    if (regions)
        for (Metric& metric : regions->metrics()) metrics.push_back(std::move(metric));
    metrics.push_back({"images", static_cast<double>(all.keys.size()), std::nullopt});
    metrics.push_back({"skipped", static_cast<double>(errors.skipped()), std::nullopt});
    return metrics;
}

}  // namespace lip::eval
