#include "cmd/ground/image_search.h"

#include "cli/log.h"
#include "image/decode.h"

#include <utility>

namespace lip::cmd {

ImageSearch::ImageSearch(const GroundOptions& options, PhrasesOf phrases)
    : o_(options),
      phrases_(std::move(phrases)),
      errors_(options.stream, options.common.force),
      stream_({.stream = options.stream,
               .image_root = options.image_root,
               .wants_image =
                   [this](const record::Record& record) { return !phrases_(record).empty(); }},
              errors_),
      grounder_(detect::make_grounder(options.grounder)) {}

int ImageSearch::run(const Take& take, const std::function<void()>& end_batch) {
    cli::Progress progress("images", "images");
    eval::ItemBatches<GroundItem> batches(
        stream_, errors_, o_.grounder.embedder.batch_size, o_.grounder.embedder.threads,
        [this](const shard::ImageRecord& item) { return prepare(item); });
    while (auto batch = batches.next()) {
        take_batch(*batch, take);
        end_batch();
        progress.update(errors_.records());
    }
    progress.finish();
    return errors_.finish();
}

// Decodes the image of an item with phrases. Rejects with bad-image. Thread-safe.
cli::Result<GroundItem> ImageSearch::prepare(const shard::ImageRecord& record) const {
    GroundItem item;
    item.phrases = phrases_(record.record);
    if (item.phrases.empty()) return item;
    auto picture = image::decode(record.bytes);
    if (!picture) return picture.reject();
    item.prepared = grounder_->prepare(*picture);
    if (!o_.overlay_dir.empty()) item.picture = std::move(*picture);
    return item;
}

// What of a batch has phrases, looked for all at once; an empty Grounding for the others.
std::vector<detect::Grounding> ImageSearch::locate(const Batch& batch) const {
    std::vector<detect::Prepared> images;
    std::vector<detect::Phrases> phrases;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < batch.items.size(); ++i) {
        const GroundItem& item = batch.prepared[i];
        if (item.phrases.empty()) continue;
        images.push_back(item.prepared);
        phrases.push_back(item.phrases);
        places.push_back(i);
    }
    std::vector<detect::Grounding> all(batch.items.size());
    std::vector<detect::Grounding> found = grounder_->locate(images, phrases);
    for (std::size_t i = 0; i < places.size(); ++i) all[places[i]] = std::move(found[i]);
    return all;
}

void ImageSearch::take_batch(Batch& batch, const Take& take) {
    const std::vector<detect::Grounding> found = locate(batch);
    for (std::size_t i = 0; i < batch.items.size(); ++i) {
        record::Record& record = batch.items[i].record;
        if (batch.prepared[i].picture && !drawn_.insert(record.key)) {
            std::string line;
            record::append_json(line, record);
            errors_.report(batch.items[i].place,
                           {"duplicate-key", "the key occurred before: " + record.key}, line);
            continue;
        }
        take(record, batch.prepared[i], found[i]);
    }
}

}  // namespace lip::cmd
