// Any bytes as a tokenizer.json, a tokenizer_config.json or a SentencePiece model: a tokenizer
// whose ids are of its vocabulary and end in its end token, or a DataError.
#include "cli/error.h"
#include "tests/fuzz/require.h"
#include "text/clip_tokenizer.h"
#include "text/piece_json.h"
#include "text/tokenizer.h"
#include "text/tokenizer_config.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace {

using namespace lip::text;

void check_ids(const Tokenizer& tokenizer, std::int64_t length) {
    for (const char* caption :
         {"", "a dog", " Dogs,\tcats &amp; \xE4\xB8\x80 \xF0\x9F\x98\x80", "\xFF"}) {
        const auto ids = tokenizer.encode(caption, length);
        require(static_cast<std::int64_t>(ids.size()) <= std::max<std::int64_t>(length, 2),
                "no more ids than there is room for");
        require(!ids.empty() && ids.back() == tokenizer.end_id(), "a text has an end");
        require(std::ranges::all_of(
                    ids, [&](std::int32_t id) { return id >= 0 && id < tokenizer.vocab_size(); }),
                "ids are of the vocabulary");
    }
    require(tokenizer.pad_id() >= 0 && tokenizer.pad_id() < tokenizer.vocab_size(),
            "so is what rows are filled with");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    TokenizerOptions options;
    try {
        options = parse_tokenizer_config(bytes, "config");
        if (const std::string json = to_tokenizer_config(options); !json.empty())
            parse_tokenizer_config(json, "again");
    } catch (const lip::cli::DataError&) {
    }
    try {
        if (is_piece_json(bytes)) {
            PieceModel model = parse_piece_json(bytes, {}, "json");
            check_ids(*make_sentencepiece(std::move(model.bytes), "json",
                                          {.begin = model.has_begin, .pad_id = model.pad_id}),
                      8);
        } else {
            check_ids(ClipTokenizer(parse_tokenizer_json(bytes, "json"), Clean::kHuggingFace, bytes,
                                    "json"),
                      8);
        }
    } catch (const lip::cli::DataError&) {
    }
    return 0;
}
