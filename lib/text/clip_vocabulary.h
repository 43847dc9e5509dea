// The vocabulary of a CLIP tokenizer, from the files that it comes in.
//
// Tokens are written in the byte alphabet: a character a byte, so that any bytes are readable text;
// "</w>" ends the last token of a word.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lip::text {

inline constexpr std::string_view kWordEnd = "</w>";

struct ClipVocabulary {
    // Text that stands for one id wherever it occurs: before cleaning, or after it if `is_cleaned`.
    struct Added {
        std::string text;
        std::int32_t id;
        bool is_cleaned;
    };
    std::vector<std::string> tokens;                          // by id; all different
    std::vector<std::pair<std::string, std::string>> merges;  // the first goes first
    std::vector<Added> added;
    std::int32_t begin_id = 0, end_id = 0;
    // Whether <|startoftext|> and <|endoftext|>, when they are no added tokens (in capitals), are
    // words of their own: so since transformers 5, not in older files.
    bool cuts_names = true;
};

// The 256 characters of the byte alphabet as UTF-8, by byte.
const std::vector<std::string>& byte_alphabet();
// The ids that OpenAI's CLIP gives to single bytes: its order of the bytes.
const std::vector<unsigned char>& byte_order();

// The bytes that a token stands for, without its "</w>".
std::string token_bytes(std::string_view token);

// open_clip's file (bpe_simple_vocab_16e6.txt, unpacked): a line for the version, then a merge a
// line, of which the first 48,894 count; ids follow from the order. Throws DataError with `name`.
ClipVocabulary parse_bpe_text(std::string_view text, const std::string& name);

// Lines of a merges.txt; a line "#version..." does not count.
std::vector<std::pair<std::string, std::string>> parse_merges(std::string_view text,
                                                              const std::string& name);

// Hugging Face's pair of files: tokens with their ids, and merges a line each.
ClipVocabulary parse_vocab_and_merges(std::string_view vocab, const std::string& vocab_name,
                                      std::string_view merges, const std::string& merges_name);

// Hugging Face's tokenizer.json, if it is CLIP's: byte pairs with "</w>", NFC, lower case.
ClipVocabulary parse_tokenizer_json(std::string_view json, const std::string& name);

// A tokenizer.json that holds the vocabulary, also for Hugging Face's programs.
std::string to_tokenizer_json(const ClipVocabulary& vocabulary);

}  // namespace lip::text
