// Byte-pair encoding of words, as CLIP does it: bytes, the last one marked as the end of the word,
// are joined pair by pair, the pair that was learnt first before others.
#pragma once

#include "text/clip_vocabulary.h"
#include "text/string_index.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lip::text {

// Does not change after it was made: any thread may call it.
class BytePairs {
public:
    // Throws DataError with `name` if a byte has no token or a merge makes none.
    BytePairs(const ClipVocabulary& vocabulary, const std::string& name);

    // Appends the ids of a word, which is not empty. Words that are one token cost one look-up.
    void append(std::vector<std::int32_t>& ids, std::string_view word) const;

private:
    struct Merge {
        std::uint64_t key;  // both ids; kNoKey: a free place
        std::int32_t rank;
        std::int32_t made;
    };
    const Merge* find_merge(std::int32_t left, std::int32_t right) const;
    void add_merge(const Merge& merge);
    void join(std::vector<std::int32_t>& symbols) const;
    void join_long(std::vector<std::int32_t>& symbols) const;

    std::vector<std::int32_t> inner_, last_;  // ids of bytes within and at the end of a word
    std::vector<Merge> merges_;               // a power of two, at most half full
    StringIndex words_;                       // that are one token
    std::vector<std::int32_t> word_ids_;
};

}  // namespace lip::text
