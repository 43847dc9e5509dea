// Texts to token ids.
#pragma once

#include "text/clean.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lip::text {

// Thread-safe.
class Tokenizer {
public:
    virtual ~Tokenizer() = default;
    // Begin token if the tokenizer has one, the text's tokens, end token; at most `context_length`
    // ids, the end token always last. `was_cut` tells whether tokens were left out.
    virtual std::vector<std::int32_t> encode(std::string_view text, std::int64_t context_length,
                                             bool* was_cut = nullptr) const = 0;
    virtual std::int64_t vocab_size() const = 0;
    virtual std::int32_t end_id() const = 0;
    // What rows of a fixed length are filled with.
    virtual std::int32_t pad_id() const { return end_id(); }
    virtual Clean clean() const = 0;
    // The file's bytes and the name it has in a checkpoint.
    virtual const std::string& file_bytes() const = 0;
    virtual std::string file_name() const = 0;
    // "clip" or "sentencepiece", as configurations call it.
    std::string kind() const { return file_name() == "tokenizer.model" ? "sentencepiece" : "clip"; }
    // What kTokenizerConfigFile must hold beside that file so that load_tokenizer makes the same
    // tokenizer of it; empty: no such file is needed.
    virtual std::string config_json() const { return {}; }
};

inline constexpr char kTokenizerConfigFile[] = "tokenizer_config.json";

// What a tokenizer's file leaves open. An absent value: as the kind of file is used by others.
struct TokenizerOptions {
    std::optional<Clean> clean = {};
    // SentencePiece only.
    std::optional<bool> begin = {};           // a begin token stands first
    std::optional<std::int32_t> pad_id = {};  // of rows of a fixed length
    // What only files of Hugging Face say. `end`: whether they put an end token behind a text,
    // where a tokenizer.json leaves it open; the pieces' names.
    std::optional<bool> end = {};
    std::string begin_piece = {}, end_piece = {}, pad_piece = {};
    bool has_other_ids = false;  // than the SentencePiece model beside: only tokenizer.json counts
};

// SigLIP's use of its SentencePiece model: lower case, no punctuation, no begin token, filled with
// </s>. As SiglipTokenizer of Hugging Face; open_clip's differs: Clean::kCanonicalize.
TokenizerOptions siglip_options();

// A SentencePiece model with an end piece, and a begin piece unless options.begin is false.
// Without options: the text as it is, with begin and end. Throws DataError if it cannot be read.
std::unique_ptr<Tokenizer> load_sentencepiece(const std::string& path,
                                              const TokenizerOptions& options = {});

// The same from its bytes; `name` is for messages.
std::unique_ptr<Tokenizer> make_sentencepiece(std::string bytes, const std::string& name,
                                              const TokenizerOptions& options);

// The tokenizer's file in a folder, empty if there is none, and all names it may have.
std::filesystem::path tokenizer_in(const std::filesystem::path& folder);
std::string tokenizer_files();

// A tokenizer file of any kind, or a folder with one:
//   *.model                              SentencePiece
//   tokenizer.json                       CLIP's, Hugging Face's layout; Clean::kHuggingFace
//   tokenizer.json                       T5's, XLM-R's, Gemma's: made a SentencePiece model of
//   vocab.json with merges.txt           the same in two files; either may be named
//   *.txt, *.txt.gz                      CLIP's, open_clip's layout; Clean::kOpenClip
// In a folder the first of tokenizer.model, spiece.model, tokenizer.json, vocab.json,
// bpe_simple_vocab_16e6.txt.gz, bpe_simple_vocab_16e6.txt, vocab.txt.gz is taken. `options` count
// before a tokenizer_config.json beside the file. Throws DataError if it cannot be read.
std::unique_ptr<Tokenizer> load_tokenizer(const std::string& path,
                                          const TokenizerOptions& options = {});

}  // namespace lip::text
