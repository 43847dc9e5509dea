// Tokenizers that Hugging Face's programs have rewritten as tokenizer.json, back into a
// SentencePiece model: Unigram (T5, mT5, XLM-R, XLM-V) and byte pairs with byte fallback (Gemma).
#pragma once

#include "text/tokenizer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lip::text {

struct PieceModel {
    std::string bytes;       // a serialized SentencePiece model with the same ids
    bool has_begin = false;  // texts begin with the begin piece
    bool has_words = false;  // white space of all kinds is a space, before anything else
    bool has_lower = false;  // letters are lowered, one by one, before anything else
    std::optional<std::int32_t> pad_id;
};

// Whether the file is one of these kinds, so far as its model goes.
bool is_piece_json(std::string_view json);

// `given`: what a tokenizer_config.json beside the file says of special pieces. Throws DataError
// with `name` for rules that SentencePiece cannot follow, naming them: what comes back makes the
// same ids of every text in which no name of a special token stands.
PieceModel parse_piece_json(std::string_view json, const TokenizerOptions& given,
                            const std::string& name);

}  // namespace lip::text
