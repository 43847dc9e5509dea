// Which texts an image is trained with: the pool of a record, and keyed draws from it.
// See doc/dreamlip.md.
#pragma once

#include "record/keyed_rng.h"
#include "record/record.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lip::train {

// "sharegpt4v:long=2": captions of this source (and form, if named) count `weight` times.
struct SourceWeight {
    std::string source, form;
    std::uint64_t weight = 1;
};

// Parses SOURCE[:FORM][=WEIGHT]. Throws UsageError.
SourceWeight parse_source(const std::string& text);

struct SamplerSettings {
    std::int64_t texts_per_image = 1;   // K
    bool sentences = false;             // long captions by sentence, others whole; else all whole
    std::vector<SourceWeight> sources;  // empty: all at weight 1
    std::vector<std::string> skip_flags = {"truncated"};
    std::int64_t merge = 1;  // 1..M neighbouring sentences of a caption as one text
    bool raw_first = false;  // slot 0 is always the raw caption
};

// One text that may be drawn; `sentence` is its place in the caption, or -1 for a whole caption.
struct Candidate {
    std::size_t caption;
    std::int64_t sentence;
    std::uint64_t weight;
};

// K texts of an image; valid[k] is false where the pool was smaller than K and a text came again.
struct Drawn {
    std::vector<std::string> texts;
    std::vector<bool> valid;
};

class CaptionSampler {
public:
    explicit CaptionSampler(SamplerSettings settings) : settings_(std::move(settings)) {}

    // Distinct texts in record order, sentences in text order.
    std::vector<Candidate> pool(const record::Record& record) const;

    // Draws K texts without repetition while the pool lasts. Nothing if the pool is empty. Depends
    // on (seed, epoch, key of the record) alone. Thread-safe.
    Drawn draw(const record::Record& record, std::uint64_t seed, std::uint64_t epoch) const;

    const SamplerSettings& settings() const { return settings_; }

private:
    std::uint64_t weight(const record::Caption& caption) const;
    std::string text_of(const record::Record& record, const Candidate& candidate,
                        record::KeyedRng& rng) const;

    SamplerSettings settings_;
};

// Indices of K draws from weighted candidates (weight 0: never), without replacement while they
// last; `valid` is false for draws after that. Empty if no candidate has weight.
std::vector<std::size_t> draw_indices(const std::vector<std::uint64_t>& weights, std::size_t count,
                                      record::KeyedRng& rng, std::vector<bool>& valid);

}  // namespace lip::train
