// How good a checkpoint is on data held out: what train(1) says between its steps.
#pragma once

#include "eval/classes.h"
#include "eval/embedder.h"
#include "eval/results.h"
#include "record/errors.h"

#include <optional>
#include <string>
#include <vector>

namespace lip::eval {

struct ProgressCheckSettings {
    std::vector<std::string> inputs;  // images with records or shards
    std::string classes;              // file; empty: recall of retrieval alone
    std::string templates = "photo";
    std::string image_root;     // of images that records name; empty: as for other tools
    EmbedderSettings embedder;  // `model` is the checkpoint's
};

struct ProgressCheckContents {
    std::int64_t images = 0, captions = 0;
    std::int64_t labelled = 0;  // images whose only label is a class
    std::int64_t regions = 0;
};

// The loss (eval/contrast.h), recall of every image's captions, taken whole, and of images by them,
// at 1, 5 and 10; with
// classes also acc1 and acc5 of the images that have one label; of a model with regions also what
// RegionCheck says. Vectors of all of the data are in memory.
class ProgressCheck {
public:
    // Reads classes and templates, and all records of the data with a first image. Throws
    // DataError, UsageError.
    explicit ProgressCheck(ProgressCheckSettings settings);

    const ProgressCheckContents& contents() const { return contents_; }

    // Images that cannot be used are left out, with a warning. Throws DataError.
    std::vector<Metric> run(const std::string& checkpoint) const;

private:
    record::StreamSettings stream() const;
    void count();

    ProgressCheckSettings settings_;
    ProgressCheckContents contents_;
    std::optional<Classes> classes_;
    std::vector<std::string> templates_;
};

}  // namespace lip::eval
