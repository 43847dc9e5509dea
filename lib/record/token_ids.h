// Captions that come as the token ids of CLIP's tokenizer, and the vocabulary that turns them back.
#pragma once

#include "cli/error.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

// The vocabulary of CLIP's byte-pair encoding. Thread-safe.
class TokenVocabulary {
public:
    // From the bytes of one of three files: the merges of the first release
    // (bpe_simple_vocab_16e6.txt), or vocab.json or tokenizer.json of Hugging Face. Throws
    // DataError with `name` in front.
    TokenVocabulary(std::string_view file, const std::string& name);

    // What stands between begin and end token, in lower case as the tokenizer left it, with one
    // space behind each word. bad-record for an id that the vocabulary does not have.
    cli::Result<std::string> decode(std::span<const std::int64_t> ids) const;

private:
    void read_merges(std::string_view lines);
    void read_json(std::string_view json);
    void set(std::size_t id, std::string_view token);

    std::vector<std::string> bytes_;  // by id
    std::size_t begin_ = 0, end_ = 0;
};

// Reads the file, packed or not. Throws DataError.
TokenVocabulary load_vocabulary(const std::string& path);

}  // namespace lip::record
