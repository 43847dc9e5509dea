// From shards to batches: frames in a keyed order, a window of frames mixed, images decoded and
// cropped, texts drawn and tokenised, by several threads, in an order that depends on the seed
// alone.
#pragma once

#include "model/text_tower.h"
#include "record/errors.h"
#include "text/tokenizer.h"
#include "train/frames.h"
#include "train/sampler.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lip::train {

// Where a run stands in its data: the next sample is number `offset` of the mixed window `window`
// of `epoch`. All that a checkpoint needs to go on with the very next sample.
struct Position {
    std::uint64_t epoch = 0, window = 0, offset = 0;
    friend bool operator==(const Position&, const Position&) = default;
};

enum class Augment { kNone, kCrop };

struct DataSettings {
    std::vector<std::string> shards;  // operands of --data
    std::uint64_t seed = 0;
    int threads = 1;
    std::int64_t batch_size = 256;
    std::int64_t image_size = 224, context_length = 77;
    bool squash = false;  // evaluation resize of Augment::kNone
    bool bilinear = false;
    Augment augment = Augment::kCrop;
    double crop_scale = 0.9;  // least area of the random crop
    SamplerSettings sampler;
};

// B images with K texts each, image-major.
struct Batch {
    at::Tensor pixels;                   // uint8 [B, 3, S, S]
    std::vector<model::TokenIds> texts;  // B·K texts
    at::Tensor valid;                    // bool [B, K]
    Position after;                      // of the sample that comes next
    std::vector<std::string> keys;
    // Met on the way: images left out because no caption of theirs can be used, and long captions
    // taken whole because nobody marked their sentences.
    std::uint64_t no_text = 0, unsplit = 0;
};

// Endless batches over the shards, epoch after epoch; batches run on over the end of an epoch.
// Reads ahead in threads of its own. next() is for one thread. Memory: two windows of frames (at
// most 32 frames or 128 MiB each, one frame at least) and four batches.
class Loader {
public:
    // Opens all shards. Throws DataError, and UsageError if they are not the `expected` ones of the
    // run that goes on at `start`.
    Loader(const DataSettings& settings, const text::Tokenizer& tokenizer, Position start,
           const DataIdentity& expected = {});
    ~Loader();

    // Samples that cannot be used go to `errors`, those without a text are counted; the next of the
    // order takes their place. Throws DataError if a whole epoch holds no usable sample.
    Batch next(record::ErrorLog& errors);

    const DataIdentity& identity() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Samples in all shards: from manifests beside them, else by reading them once.
std::uint64_t count_samples(const std::vector<std::string>& operands);

}  // namespace lip::train
