// Images looked through for phrases, batch by batch: the loop of ground with and without
// --evaluate.
#pragma once

#include "cmd/ground/ground.h"
#include "eval/item_batches.h"
#include "shard/images.h"
#include "shard/key_set.h"

#include <functional>
#include <memory>
#include <optional>

namespace lip::cmd {

// An image decoded for a grounder; empty without phrases. `picture` only where it is drawn on.
struct GroundItem {
    detect::Phrases phrases;
    detect::Prepared prepared;
    std::optional<image::Image> picture;
};

// One thread at a time.
class ImageSearch {
public:
    // What is looked for in the image of a record. Called by several threads.
    using PhrasesOf = std::function<detect::Phrases(const record::Record&)>;
    // Takes what was found: an empty Grounding without phrases.
    using Take = std::function<void(record::Record&, const GroundItem&, const detect::Grounding&)>;

    // Opens the input and loads the model. Keeps a reference. Throws UsageError, DataError.
    ImageSearch(const GroundOptions& options, PhrasesOf phrases);

    // All records in the order of the input, but those that cannot be used: no-image, bad-image,
    // duplicate-key of one whose picture was taken. Returns the exit code.
    int run(const Take& take, const std::function<void()>& end_batch);

    const detect::Grounder& grounder() const { return *grounder_; }
    const record::ErrorLog& errors() const { return errors_; }

private:
    using Batch = eval::ItemBatch<GroundItem>;

    cli::Result<GroundItem> prepare(const shard::ImageRecord& item) const;
    std::vector<detect::Grounding> locate(const Batch& batch) const;
    void take_batch(Batch& batch, const Take& take);

    const GroundOptions& o_;
    PhrasesOf phrases_;
    record::ErrorLog errors_;
    shard::ImageStream stream_;
    std::unique_ptr<detect::Grounder> grounder_;
    shard::KeySet drawn_;
};

}  // namespace lip::cmd
