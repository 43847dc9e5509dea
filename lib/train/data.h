// From shards to batches: samples in the order of training, images decoded and cropped, texts drawn
// and tokenised, by several threads, in an order that depends on the seed alone.
#pragma once

#include "model/text_tower.h"
#include "record/errors.h"
#include "text/tokenizer.h"
#include "train/frames.h"
#include "train/pixels.h"
#include "train/read_streams.h"
#include "train/regions.h"
#include "train/sampler.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lip::train {

struct DataSettings {
    std::vector<DataOperand> shards;
    std::uint64_t seed = 0;
    int threads = 1;
    std::int64_t batch_size = 256;  // of all ranks together
    int rank = 0, ranks = 1;        // whose share is loaded, of how many
    std::int64_t context_length = 77;
    PixelSettings pixels;
    SamplerSettings sampler;
    RegionSettings regions;
};

// Where a run stands in its data: all that a checkpoint needs to go on with the very next sample.
struct DataState {
    DataIdentity data;                  // empty hash: not known yet
    std::vector<ReadPosition> streams;  // empty: at the beginning
};

// At most M regions of each image, image-major; what is not valid is 0.
struct BatchRegions {
    at::Tensor boxes;  // [B, M, 4] (x0, y0, x1, y1) within 0..1 of the square; undefined without
    at::Tensor valid;  // bool [B, M]
    std::vector<model::TokenIds> phrases;  // of the valid ones, in their order
};

// A rank's B images of a step with K texts each, image-major: equally many of each of its streams,
// in their order, so that the batches of all ranks, one after the other, are that of one process.
struct Batch {
    at::Tensor pixels;                   // uint8 [B, 3, S, S]
    std::vector<model::TokenIds> texts;  // B·K texts
    at::Tensor valid;                    // bool [B, K]
    BatchRegions regions;
    std::uint64_t epoch = 0;  // of the last sample
    std::vector<std::string> keys;
    std::vector<std::uint64_t> draws;  // a random number of each image, of (seed, epoch, key)
    // Met on the way: images left out because no caption of theirs can be used, and long captions
    // taken whole because nobody marked their sentences.
    std::uint64_t no_text = 0, unsplit = 0;
    std::uint64_t cut = 0;            // texts longer than the context
    std::uint64_t skipped = 0;        // samples that could not be used
    std::uint64_t small_regions = 0;  // of the images, left out because of their size
};

// Endless batches over the shards, epoch after epoch. Reads ahead in threads of its own. next() is
// for one thread. Memory: the windows of its streams (read_streams.h), twice when they change, and
// four batches, or a batch and 8,192 samples if that is less.
class Loader {
public:
    // Opens all shards, and goes on at `start`. Throws DataError, and UsageError if they are not
    // the shards of the run that goes on, or its ranks cannot share the streams.
    Loader(const DataSettings& settings, const text::Tokenizer& tokenizer,
           const DataState& start = {});
    ~Loader();

    // Samples that cannot be used go to `errors`, those without a text are counted; the next of the
    // stream takes their place. Throws DataError if a whole epoch holds no usable sample. A batch
    // without pixels: the process is to stop, and many samples in a row could not be used; only
    // where there is one rank.
    Batch next(record::ErrorLog& errors);

    const DataIdentity& identity() const;
    std::vector<ReadPosition> positions() const;  // of this rank's, after the last batch

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace lip::train
