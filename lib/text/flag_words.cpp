#include "text/flag_detectors.h"
#include "text/letters.h"
#include "text/utf8.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace lip::text {
namespace {

constexpr std::string_view kPictureWords[] = {"image", "picture", "photo", "photograph"};

// In lower case. A sentence that holds one speaks about the picture or about itself.
constexpr std::string_view kMetaPhrases[] = {
    // text in the picture, or its absence
    "discernible",
    "no text",
    "any text",
    "no visible text",
    "no readable text",
    "no legible text",
    // information that is not there
    "no information",
    "any information",
    "not provide",
    "no indication",
    "no context",
    "additional context",
    "more context",
    "further context",
    "additional information",
    "more information",
    "further information",
    "not specified",
    "not mentioned",
    // what cannot be known
    "possible to determine",
    "impossible to",
    "cannot be determined",
    "can't be determined",
    "cannot determine",
    "can't determine",
    "difficult to determine",
    "hard to determine",
    "difficult to tell",
    "hard to tell",
    "difficult to say",
    "hard to say",
    "is unclear",
    "it's unclear",
    "not clear whether",
    "not clear if",
    "not clear from",
    "unable to",
    "be confirmed",
    "be inferred",
    "open to interpretation",
    // relative positions, the caption itself
    "relative position",
    "relative location",
    "this description",
    "the description",
    "this caption",
    "the caption",
    "based on the image",
    "the image provided",
    "as an ai",
    "language model",
    "i cannot",
    "i can't",
    "i'm sorry",
    "i am sorry",
};

// The phrases in order, so that those with the same first two bytes stand together.
constexpr auto kSortedPhrases = [] {
    auto sorted = std::to_array(kMetaPhrases);
    std::sort(sorted.begin(), sorted.end());
    return sorted;
}();

constexpr std::size_t pair_index(std::string_view text) {
    return static_cast<std::size_t>(static_cast<unsigned char>(text[0]) % 128 * 128 +
                                    static_cast<unsigned char>(text[1]) % 128);
}

// For each pair of bytes, where its phrases begin in kSortedPhrases.
constexpr std::uint8_t kNoPhrase = 255;
constexpr auto kPhrasesOfPair = [] {
    std::array<std::uint8_t, std::size_t{128} * 128> first{};
    first.fill(kNoPhrase);
    for (std::size_t i = kSortedPhrases.size(); i-- > 0;)
        first[pair_index(kSortedPhrases[i])] = static_cast<std::uint8_t>(i);
    return first;
}();
static_assert(kSortedPhrases.size() < kNoPhrase);

bool begins_with_phrase(std::string_view text) {
    const std::size_t pair = pair_index(text);
    for (std::size_t i = kPhrasesOfPair[pair];
         i < kSortedPhrases.size() && pair_index(kSortedPhrases[i]) == pair; ++i)
        if (text.starts_with(kSortedPhrases[i])) return true;
    return false;
}

std::size_t word_end(std::string_view text, std::size_t pos) {
    while (pos < text.size() && (is_ascii_letter(text[pos]) || text[pos] == '\'')) ++pos;
    return pos;
}

// True if `accept` holds where one of the words of the sentence begins.
template <class Accept>
bool any_word(const CaptionView& caption, Span sentence, const Accept& accept) {
    const auto first = std::lower_bound(caption.words.begin(), caption.words.end(), sentence.begin);
    for (auto word = first; word != caption.words.end() && *word < sentence.end; ++word)
        if (accept(*word)) return true;
    return false;
}

// Takes `word` and the spaces after it from the front of `text`, if it stands there.
bool take_word(std::string_view& text, std::string_view word) {
    if (text.substr(0, word_end(text, 0)) != word) return false;
    text.remove_prefix(word.size());
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    return true;
}

// `word` denies what follows it, if that is a word: "no people", "none of them". Counting as in
// "No. 5" and turns such as "not only" do not. All that deny begin with "n" or "w".
bool denies(std::string_view word, std::string_view next) {
    if (next.empty()) return false;
    if (word == "no" || word == "without" || word == "neither" || word == "none") return true;
    return word == "not" && next != "only" && next != "just" && next != "necessarily";
}

}  // namespace

bool has_boilerplate(const CaptionView& caption) {
    constexpr std::size_t kHead = 64;
    std::string_view rest = trim(caption.lower).substr(0, kHead);
    take_word(rest, "in");
    if (!take_word(rest, "the") && !take_word(rest, "this")) return false;
    return std::any_of(std::begin(kPictureWords), std::end(kPictureWords),
                       [rest](std::string_view word) {
                           std::string_view head = rest;
                           return take_word(head, word);
                       });
}

bool is_meta(const CaptionView& caption, Span sentence) {
    const std::string_view text = caption.lower.substr(0, sentence.end);
    return any_word(caption, sentence, [&](std::size_t pos) {
        return pos + 1 < text.size() && begins_with_phrase(text.substr(pos));
    });
}

bool is_negated(const CaptionView& caption, Span sentence) {
    const std::string_view text = caption.lower.substr(0, sentence.end);
    return any_word(caption, sentence, [&](std::size_t pos) {
        if (text[pos] != 'n' && text[pos] != 'w') return false;
        if (pos > sentence.begin && text[pos - 1] == '\'') return false;
        const std::size_t end = word_end(text, pos);
        std::size_t next = end;
        while (const std::size_t size = space_size_at(text, next)) next += size;
        const std::string_view follower =
            next == end ? std::string_view() : text.substr(next, word_end(text, next) - next);
        return denies(text.substr(pos, end - pos), follower);
    });
}

}  // namespace lip::text
