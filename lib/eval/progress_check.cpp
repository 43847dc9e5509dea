#include "eval/progress_check.h"

#include "cli/error.h"
#include "eval/classification.h"
#include "eval/image_batches.h"
#include "eval/retrieval.h"
#include "eval/texts.h"
#include "shard/images.h"

#include <ATen/ATen.h>

#include <numeric>

namespace lip::eval {
namespace {

using at::Tensor;

// What is held of the data while they are read.
struct Seen {
    std::vector<Tensor> images, texts;
    std::vector<std::int64_t> text_owners;
    std::int64_t count = 0;
};

// The only class of a record, if it has one that is known.
std::optional<std::int64_t> class_of(const record::Record& record, const Classes& classes) {
    if (record.labels.size() != 1) return std::nullopt;
    const auto found = classes.find(record.labels.front());
    return found ? std::optional(*found) : std::nullopt;
}

void add_recall(std::vector<Metric>& metrics, const std::string& side, const Vectors& queries,
                const Vectors& candidates) {
    const Ranking ranking = rank(queries, candidates, {});
    for (const std::int64_t k : {1, 5, 10})
        metrics.push_back({side + "_retrieval_recall@" + std::to_string(k),
                           recall_at(ranking.ranks, k), std::nullopt});
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
    shard::ImageStream images({stream(), "", true}, errors);
    shard::ImageRecord item;
    if (!images.next(item))
        throw cli::DataError(settings_.inputs.front() + ": holds no image that can be used");
}

std::vector<Metric> ProgressCheck::run(const std::string& checkpoint) const {
    EmbedderSettings with_model = settings_.embedder;
    with_model.model = checkpoint;
    const Embedder embedder(with_model);
    record::ErrorLog errors(stream(), /*force=*/false);
    shard::ImageStream images({stream(), "", true}, errors);
    ImageBatches batches(embedder, images, errors, with_model.batch_size, with_model.threads);
    std::optional<ClassWeights> weights;
    if (classes_) weights = class_weights(embedder, *classes_, templates_);
    Classification classification(weights ? weights->classes : 1);
    Seen seen;
    while (const auto batch = batches.next()) {
        const Tensor rows = embedder.images(batch->planes);
        seen.images.push_back(rows);
        Tensor scores;
        if (weights) scores = class_scores(rows, *weights, Synonyms::kMax).contiguous();
        for (std::size_t i = 0; i < batch->items.size(); ++i) {
            const record::Record& record = batch->items[i].record;
            const auto texts = select_texts(record, {});
            if (!texts.empty())
                seen.texts.push_back(embed_selected(
                    texts, /*normalize=*/true, [&](auto some) { return embedder.texts(some); }));
            seen.text_owners.insert(seen.text_owners.end(), texts.size(), seen.count++);
            if (!weights) continue;
            if (const auto truth = class_of(record, *classes_)) {
                const float* row = scores.const_data_ptr<float>() +
                                   static_cast<std::int64_t>(i) * weights->classes;
                classification.add(
                    *truth, rank_of({row, static_cast<std::size_t>(weights->classes)}, *truth));
            }
        }
    }
    std::vector<Metric> metrics;
    if (seen.count == 0) return metrics;
    if (!seen.texts.empty()) {
        std::vector<std::int64_t> owners(static_cast<std::size_t>(seen.count));
        std::iota(owners.begin(), owners.end(), std::int64_t{0});
        const Vectors all_images{at::cat(seen.images), owners},
            all_texts{at::cat(seen.texts), seen.text_owners};
        add_recall(metrics, "text", all_images, all_texts);
        add_recall(metrics, "image", all_texts, all_images);
    }
    if (classification.items() > 0)
        for (Metric& metric : classification.metrics(/*resamples=*/0))
            metrics.push_back(std::move(metric));
    return metrics;
}

}  // namespace lip::eval
