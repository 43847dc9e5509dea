// tokenizer_config.json: what a tokenizer's own file does not say.
//
// Ours has at most {"clean": NAME, "add_bos_token": BOOL, "pad_token_id": ID}. In Hugging Face's,
// which has many more keys, "tokenizer_class" tells what to do.
#pragma once

#include "text/tokenizer.h"

#include <string>
#include <string_view>

namespace lip::text {

// Throws DataError with `name` for a class or a value that is not known.
TokenizerOptions parse_tokenizer_config(std::string_view json, const std::string& name);

// Empty if nothing is set.
std::string to_tokenizer_config(const TokenizerOptions& options);

}  // namespace lip::text
