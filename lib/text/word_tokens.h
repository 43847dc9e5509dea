// A text as lower-case word tokens, the way the English treebanks cut it: punctuation and clitics
// ("n't", "'s") are tokens of their own.
#pragma once

#include "text/splitter.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lip::text {

// Tokens lie one after the other in one buffer: filled again, an object needs no new memory.
class WordTokens {
public:
    std::size_t size() const { return spans_.size(); }
    bool empty() const { return spans_.empty(); }
    // Valid until the next change.
    std::string_view operator[](std::size_t i) const { return slice(letters_, spans_[i]); }

    void clear();
    // Adds `token` in lower case.
    void add(std::string_view token);

    // Takes in a text whose parts become tokens ...
    void start(std::string_view text);
    // ... with the bytes from `begin` on.
    void add_part(std::size_t begin, std::size_t size);
    // Takes out the tokens that `is_bad` is true for.
    template <class Predicate>
    void remove_if(const Predicate& is_bad) {
        std::erase_if(spans_, [&](Span span) { return is_bad(slice(letters_, span)); });
    }

private:
    std::string letters_;  // the text in lower case, if it is ASCII; tokens that stand elsewhere
    std::vector<Span> spans_;
    std::string_view text_;
    bool has_text_ = false;  // letters_ begins with the text: its parts are there already
};

// Replaces `tokens` by those of `text`: runs of letters and digits with what joins them inside
// (black-and-white, o'clock, 3.5, 1,000, U.S., IMG_0412), clitics (do n't, dog 's, can not), whole
// web addresses, runs of one mark (... --), other marks one by one. Straight and curly double
// quotes become `` and ''. White space and the tokens </s> and <s> separate. Any bytes are allowed:
// invalid UTF-8 counts as letters. Takes linear time.
void split_words(std::string_view text, WordTokens& tokens);

// True if the token has a letter or a digit: it is a word, not a mark.
bool is_word(std::string_view token);

}  // namespace lip::text
