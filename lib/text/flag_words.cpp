#include "text/flag_detectors.h"
#include "text/letters.h"
#include "text/utf8.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

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

// By the first two bytes of a phrase: few places of a text begin one.
constexpr std::size_t pair_index(char first, char second) {
    return static_cast<std::size_t>(static_cast<unsigned char>(first) % 128 * 128 +
                                    static_cast<unsigned char>(second) % 128);
}
constexpr auto kBeginsMeta = [] {
    std::array<bool, std::size_t{128} * 128> begins{};
    for (const std::string_view phrase : kMetaPhrases)
        begins[pair_index(phrase[0], phrase[1])] = true;
    return begins;
}();

std::size_t word_end(std::string_view text, std::size_t pos) {
    while (pos < text.size() && (is_ascii_letter(text[pos]) || text[pos] == '\'')) ++pos;
    return pos;
}

// Takes `word` and the spaces after it from the front of `text`, if it stands there.
bool take_word(std::string_view& text, std::string_view word) {
    if (text.substr(0, word_end(text, 0)) != word) return false;
    text.remove_prefix(word.size());
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    return true;
}

// `word` denies what follows it, if that is a word: "no people", "none of them". Counting as in
// "No. 5" and turns such as "not only" do not.
bool denies(std::string_view word, std::string_view next) {
    if (next.empty()) return false;
    if (word == "no" || word == "without" || word == "neither" || word == "none") return true;
    return word == "not" && next != "only" && next != "just" && next != "necessarily";
}

}  // namespace

bool has_boilerplate(const CaptionView& caption) {
    constexpr std::size_t kHead = 64;
    const std::string lower = ascii_lower(trim(caption.text).substr(0, kHead));
    std::string_view rest = lower;
    take_word(rest, "in");
    if (!take_word(rest, "the") && !take_word(rest, "this")) return false;
    return std::any_of(std::begin(kPictureWords), std::end(kPictureWords),
                       [rest](std::string_view word) {
                           std::string_view head = rest;
                           return take_word(head, word);
                       });
}

bool is_meta(std::string_view sentence) {
    const std::string lower = ascii_lower(sentence);
    const std::string_view text = lower;
    for (std::size_t pos = 0; pos + 1 < text.size(); ++pos) {
        if (!kBeginsMeta[pair_index(text[pos], text[pos + 1])]) continue;
        if (pos > 0 && is_ascii_letter(text[pos - 1])) continue;  // phrases begin with a word
        for (const std::string_view phrase : kMetaPhrases) {
            if (text[pos] == phrase.front() && text.substr(pos).starts_with(phrase)) return true;
        }
    }
    return false;
}

bool is_negated(std::string_view sentence) {
    const std::string lower = ascii_lower(sentence);
    const std::string_view text = lower;
    for (std::size_t pos = 0; pos < text.size();) {
        const std::size_t end = word_end(text, pos);
        if (end == pos) {
            ++pos;
            continue;
        }
        std::size_t next = end;
        while (const std::size_t size = space_size_at(text, next)) next += size;
        const std::string_view follower =
            next == end ? std::string_view() : text.substr(next, word_end(text, next) - next);
        if (denies(text.substr(pos, end - pos), follower)) return true;
        pos = end;
    }
    return false;
}

}  // namespace lip::text
