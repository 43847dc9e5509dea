// CLIP's tokenizer: lower case, words, byte pairs, between a begin and an end token.
#pragma once

#include "text/byte_pairs.h"
#include "text/clip_vocabulary.h"
#include "text/clip_words.h"
#include "text/tokenizer.h"

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace lip::text {

// Ids equal those of open_clip's SimpleTokenizer with Clean::kOpenClip (and kCanonicalize, as its
// clean="canonicalize"), those of transformers' CLIPTokenizer with Clean::kHuggingFace. Bytes that
// are not UTF-8 count as U+FFFD.
class ClipTokenizer final : public Tokenizer {
public:
    // `bytes`: of a tokenizer.json that the vocabulary was read from, empty if it was another file.
    // `name` is for messages. Throws DataError if the vocabulary is not whole.
    ClipTokenizer(ClipVocabulary vocabulary, Clean clean, std::string bytes,
                  const std::string& name);

    std::vector<std::int32_t> encode(std::string_view text, std::int64_t context_length,
                                     bool* was_cut) const override;
    std::int64_t vocab_size() const override {
        return static_cast<std::int64_t>(vocabulary_.tokens.size());
    }
    std::int32_t end_id() const override { return vocabulary_.end_id; }
    std::int32_t pad_id() const override;
    // Always a tokenizer.json: other programs read it, too.
    Clean clean() const override { return clean_; }
    const std::string& file_bytes() const override;
    std::string file_name() const override { return "tokenizer.json"; }
    std::string config_json() const override;

private:
    // Up to `limit` ids and one more to know that there are more.
    void append_raw(std::vector<std::int32_t>& ids, std::string_view text, std::size_t limit) const;
    void append_cleaned(std::vector<std::int32_t>& ids, std::string_view text,
                        std::size_t limit) const;
    void append_name(std::vector<std::int32_t>& ids, std::string_view name) const;

    ClipVocabulary vocabulary_;
    std::vector<ClipVocabulary::Added> raw_added_, cleaned_added_;
    BytePairs pairs_;
    Clean clean_;
    mutable std::once_flag written_;
    mutable std::string bytes_;
};

}  // namespace lip::text
