// Which texts an image is trained with: the pool of a record, and keyed draws from it.
// See doc/dreamlip.md.
#pragma once

#include "record/keyed_rng.h"
#include "record/record.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lip::train {

// "sharegpt4v:long=2": captions of this source (and form, if named) count `weight` times.
struct SourceWeight {
    std::string source, form;
    std::uint64_t weight = 1;
};

// Parses SOURCE[:FORM][=WEIGHT]. Throws UsageError.
SourceWeight parse_source(const std::string& text);
// A list of them. Throws UsageError also for one that is named twice.
std::vector<SourceWeight> parse_sources(const std::vector<std::string>& list);

// The weight of a caption: of the entry that names its source and form, else of the one that names
// its source. Not named: 0, but 1 if the list does nothing but remove (all its weights are 0).
std::uint64_t weight_of(const std::vector<SourceWeight>& sources, std::string_view source,
                        std::string_view form);

struct SamplerSettings {
    std::int64_t texts_per_image = 1;   // K
    bool sentences = false;             // long captions by sentence, others whole; else all whole
    std::vector<SourceWeight> sources;  // empty: all at weight 1
    // Words: "meta" leaves out captions with the flag meta, and the sentence N of meta@N (the whole
    // caption, if that is one text). truncated leaves out the last sentence only.
    std::vector<std::string> skip_flags = {"truncated"};
    std::int64_t merge = 1;  // 1..M neighbouring sentences of a caption as one text
    bool raw_first = false;  // slot 0 is always the raw caption
};

// A sentence or a whole caption. One of weight 0 is never drawn: it repeats an earlier text, and is
// there for its neighbours to be merged with.
struct Piece {
    std::string_view text;  // within the record
    std::size_t caption;
    std::size_t run;   // neighbours of the same run may be merged
    bool is_sentence;  // else it stands alone
    std::uint64_t weight;
};

// All pieces of a record, captions in the order of the record, sentences in that of the text.
struct Pool {
    std::vector<Piece> pieces;
    std::size_t unsplit = 0;  // long captions taken whole because nobody marked their sentences
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

    // Views into `record`.
    Pool pool(const record::Record& record) const;

    // Draws K texts without repetition while the pool lasts. Nothing if the pool is empty. Depends
    // on (seed, epoch, key of the record) alone. Thread-safe.
    Drawn draw(const record::Record& record, std::uint64_t seed, std::uint64_t epoch) const;

    const SamplerSettings& settings() const { return settings_; }

private:
    std::uint64_t weight(const record::Caption& caption) const;
    std::string text_of(const std::vector<Piece>& pieces, std::size_t drawn,
                        record::KeyedRng& rng) const;

    SamplerSettings settings_;
};

// Indices of K draws from weighted candidates (weight 0: never), without replacement while they
// last; `valid` is false for draws after that. Empty if no candidate has weight.
std::vector<std::size_t> draw_indices(const std::vector<std::uint64_t>& weights, std::size_t count,
                                      record::KeyedRng& rng, std::vector<bool>& valid);

}  // namespace lip::train
