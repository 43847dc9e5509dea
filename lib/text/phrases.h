// Noun phrases of a caption, as queries for a detector (CLOC, the data engine VESL).
#pragma once

#include "text/perceptron_tagger.h"
#include "text/string_index.h"
#include "text/word_tokens.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lip::text {

// What a Penn tag is to the chunk rule.
enum class ChunkClass : std::uint8_t { kOther, kDeterminer, kAdjective, kNoun };
ChunkClass chunk_class(std::string_view tag);

// Half-open ranges of tokens, left to right, by one rule with the longest match:
// determiner? adjective* noun+.
std::vector<Span> noun_chunks(const std::vector<ChunkClass>& classes);

// A file of words, one a line in lower case; '#' begins a comment. Throws lip::cli::DataError if
// it cannot be read or a line is not one word.
StringIndex read_word_list(const std::string& path);

struct PhraseLists {
    StringIndex stop_words;  // a phrase of nothing else is dropped
    StringIndex web_words;   // taken out of the text before it is tagged
    std::size_t most = 20;   // phrases of one caption
};

// Immutable after it is made; any thread may ask one object.
class PhraseFinder {
public:
    // Without a tagger only texts that come with tags can be asked for.
    PhraseFinder(PhraseLists lists, std::optional<PerceptronTagger> tagger);

    // The phrases of a text in lower case, words joined by one space, in order of appearance,
    // each once. Sentence ends do not matter. Requires a tagger.
    std::vector<std::string> find(std::string_view text) const;

    // The same for tokens with their Penn tags. Requires equal sizes.
    std::vector<std::string> find(const std::vector<std::string>& tokens,
                                  const std::vector<std::string>& tags) const;

private:
    // What the lists and the letters of a token say.
    struct About {
        bool is_web, is_stop, is_word;
    };
    About about(std::string_view token) const;
    std::vector<std::string> phrases(const WordTokens& tokens, const std::vector<About>& abouts,
                                     const std::vector<ChunkClass>& classes) const;

    PhraseLists lists_;
    std::optional<PerceptronTagger> tagger_;
    std::vector<ChunkClass> tag_classes_;  // by tag of the tagger
    std::vector<About> about_words_;       // by word of the tagger
};

}  // namespace lip::text
