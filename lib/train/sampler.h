// Which texts an image is trained with: keyed draws from its pool.
// See doc/dreamlip.md.
#pragma once

#include "record/keyed_rng.h"
#include "record/record.h"
#include "train/pool.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lip::train {

enum class MergeMode {
    kConsecutive,  // the sentences that follow
    kDiverse,      // half the time these, half the time any others of the pool
};

struct SamplerSettings {
    std::int64_t texts_per_image = 1;  // K
    PoolSettings pool;
    std::int64_t merge = 1;  // 1..M sentences as one text
    MergeMode merge_mode = MergeMode::kConsecutive;
    bool period_join = false;  // merged by ". ", whatever the sentences end in
    bool raw_first = false;    // slot 0 is always the raw caption
};

// K texts of an image; valid[k] is false where the pool was smaller than K and a text came again.
struct Drawn {
    std::vector<std::string> texts;
    std::vector<bool> valid;
    std::size_t unsplit = 0;  // as in the pool
};

class CaptionSampler {
public:
    explicit CaptionSampler(SamplerSettings settings) : settings_(std::move(settings)) {}

    // Draws K texts without repetition while the pool lasts. Nothing if the pool is empty. Depends
    // on (seed, epoch, key of the record) alone. Thread-safe.
    Drawn draw(const record::Record& record, std::uint64_t seed, std::uint64_t epoch) const;

    const SamplerSettings& settings() const { return settings_; }

private:
    std::string text_of(const std::vector<Piece>& pieces, std::size_t drawn,
                        record::KeyedRng& rng) const;

    SamplerSettings settings_;
};

// Indices of K draws from weighted candidates (weight 0: never), without replacement while they
// last; `valid` is false for draws after that. Empty if no candidate has weight.
std::vector<std::size_t> draw_indices(const std::vector<std::uint64_t>& weights, std::size_t count,
                                      record::KeyedRng& rng, std::vector<bool>& valid);

}  // namespace lip::train
