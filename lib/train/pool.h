// The pool of an image: the texts of its record that may be drawn. See doc/dreamlip.md.
#pragma once

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

// SOURCE[:FORM][=WEIGHT]. Throws UsageError.
void from_text(std::string_view text, SourceWeight& entry);
std::string to_text(const SourceWeight& entry);

// Throws UsageError for a source and form that stands twice in the list.
void check(const std::vector<SourceWeight>& sources);

// Throws UsageError for what is no word of a flag.
void check_skip_flag(std::string_view flag);

// The weight of a caption: of the entry that names its source and form, else of the one that names
// its source. Not named: 0, but 1 if the list does nothing but remove (all its weights are 0).
std::uint64_t weight_of(const std::vector<SourceWeight>& sources, std::string_view source,
                        std::string_view form);

enum class Splitter {
    kRecord,    // the sentences that the record marks in long captions
    kDreamlip,  // pieces of long and short captions, as the code released with DreamLIP makes them
};

// Of the captions. The released code's: InstructBLIP, then ShareGPT4V and LLaVA (its CSV reader) or
// LLaVA and ShareGPT4V (its JSON reader); of each the short one first. Raw leads, others follow.
enum class PoolOrder { kRecord, kCsv, kJson };

struct PoolSettings {
    bool sentences = false;             // long captions by sentence, others whole; else all whole
    std::vector<SourceWeight> sources;  // empty: all at weight 1
    // Words: "meta" leaves out captions with the flag meta, and the sentence N of meta@N (the whole
    // caption, if that is one text). truncated leaves out the last sentence only.
    std::vector<std::string> skip_flags = {"truncated"};
    Splitter splitter = Splitter::kRecord;
    PoolOrder order = PoolOrder::kRecord;
    bool one_run = false;          // merging goes on from caption to caption, raw ones aside
    std::size_t never_starts = 0;  // so many of the last pieces are not drawn; one always is
};

// A sentence or a whole caption. One of weight 0 is never drawn, it is there for its neighbours to
// be merged with.
struct Piece {
    std::string_view text;  // within the record
    std::size_t caption;
    std::size_t run;   // neighbours of the same run may be merged
    bool is_sentence;  // else it stands alone
    std::uint64_t weight;
};

// The pieces of a record, captions in the order of the settings, sentences in that of the text. A
// text that was there before has weight 0.
struct Pool {
    std::vector<Piece> pieces;
    std::size_t unsplit = 0;  // long captions taken whole because nobody marked their sentences
};

// Views into `record`. Thread-safe.
Pool make_pool(const record::Record& record, const PoolSettings& settings);

}  // namespace lip::train
