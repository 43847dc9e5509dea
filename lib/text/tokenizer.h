// Texts to token ids.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lip::text {

// Thread-safe.
class Tokenizer {
public:
    virtual ~Tokenizer() = default;
    // Begin token, the text's tokens, end token; at most `context_length` ids, the end token always
    // last. `was_cut` tells whether tokens were left out.
    virtual std::vector<std::int32_t> encode(std::string_view text, std::int64_t context_length,
                                             bool* was_cut = nullptr) const = 0;
    virtual std::int64_t vocab_size() const = 0;
    virtual std::int32_t end_id() const = 0;
    // The file's bytes and the name it has in a checkpoint.
    virtual const std::string& file_bytes() const = 0;
    virtual std::string file_name() const = 0;
};

// A SentencePiece model with begin and end pieces. Throws DataError if it cannot be read.
std::unique_ptr<Tokenizer> load_sentencepiece(const std::string& path);

}  // namespace lip::text
