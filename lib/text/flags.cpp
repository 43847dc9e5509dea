#include "text/flags.h"

#include "text/flag_detectors.h"
#include "text/letters.h"
#include "text/utf8.h"

#include <array>
#include <iterator>

namespace lip::text {
namespace {

// A detector looks at the caption, or at each of its sentences; the other function is null.
struct Detector {
    std::string_view name;
    std::string_view summary;
    bool (*in_caption)(const CaptionView& caption);
    bool (*in_sentence)(const CaptionView& caption, Span sentence);
};

constexpr Detector kDetectors[] = {
    {"eos_token", "</s> or <s> left over from a decoder", has_eos_token, nullptr},
    {"blank_line", "blank line, three spaces, or backslash n", has_blank_line, nullptr},
    {"list", "at least two list markers that rise", has_list, nullptr},
    {"truncated", "long caption without an end mark", is_truncated, nullptr},
    {"repetition", "sentences or words repeat over and over", is_repetitive, nullptr},
    {"boilerplate", "begins with \"The image\" or the like", has_boilerplate, nullptr},
    {"meta", "speaks about text, information or certainty", nullptr, is_meta},
    {"negation", "says what is absent", nullptr, is_negated},
    {"missing_space", "no space between two sentences", has_missing_space, nullptr},
    {"quote", "unbalanced double quotes", has_odd_quotes, nullptr},
    {"mojibake", "UTF-8 read as another encoding, U+FFFD, NUL", has_mojibake, nullptr},
    {"html", "HTML tag or entity", has_html, nullptr},
    {"url", "web or e-mail address", has_url, nullptr},
    {"hashtag", "# and a word", has_hashtag, nullptr},
    {"placeholder", "<PERSON>, or # in place of a number or name", has_placeholder, nullptr},
    {"filename", "file name such as IMG_0412.JPG", has_filename, nullptr},
    {"non_ascii", "a character beyond ASCII", has_non_ascii, nullptr},
    {"no_period", "raw or short caption without an end mark", lacks_period, nullptr},
};
static_assert(std::size(kDetectors) <= 32, "FlagSet has one bit a detector");

constexpr auto kKinds = [] {
    std::array<std::uint8_t, 256> kinds{};
    for (unsigned c = 0; c < 256; ++c) {
        const char byte = static_cast<char>(c);
        kinds[c] = c >= 0x80                                  ? kHighByte
                   : is_ascii_letter(byte)                    ? kLetterByte
                   : is_ascii_digit(byte)                     ? kDigitByte
                   : c < 0x20                                 ? kControlByte
                   : std::string_view("<&#\\").find(byte) < 4 ? kMarkupByte
                   : byte == '"'                              ? kQuoteByte
                                                              : 0;
    }
    return kinds;
}();

// The kinds of all bytes; `words` gets the places where runs of letters begin.
std::uint8_t look_over(std::string_view text, std::vector<std::uint32_t>& words) {
    words.resize(text.size() / 2 + 1);
    std::size_t count = 0;
    std::uint8_t all = 0, before = 0;
    for (std::size_t pos = 0; pos < text.size(); ++pos) {
        const std::uint8_t kind = kKinds[static_cast<unsigned char>(text[pos])];
        words[count] = static_cast<std::uint32_t>(pos);
        count += kind & ~before & kLetterByte;
        before = kind;
        all |= kind;
    }
    words.resize(count);
    return all;
}

}  // namespace

std::vector<std::string_view> flag_names() {
    std::vector<std::string_view> names;
    for (const Detector& detector : kDetectors) names.push_back(detector.name);
    return names;
}

std::string_view flag_summary(std::string_view name) {
    for (const Detector& detector : kDetectors) {
        if (detector.name == name) return detector.summary;
    }
    return {};
}

std::optional<FlagSet> flag_bit(std::string_view name) {
    for (std::size_t n = 0; n < std::size(kDetectors); ++n) {
        if (kDetectors[n].name == name) return FlagSet{1} << n;
    }
    return std::nullopt;
}

std::vector<std::string> detect_flags(std::string_view text, std::string_view form,
                                      const std::vector<Span>& sentences, FlagSet wanted) {
    std::vector<std::string> flags;
    if (wanted == 0) return flags;
    const std::string lower = ascii_lower(text);
    thread_local std::vector<std::uint32_t> words;
    const std::uint8_t kinds = look_over(text, words);
    const CaptionView caption{text, form, sentences, lower, kinds, words};
    for (std::size_t n = 0; n < std::size(kDetectors); ++n) {
        if ((wanted >> n & 1) == 0) continue;
        const Detector& detector = kDetectors[n];
        if (detector.in_caption != nullptr) {
            if (detector.in_caption(caption)) flags.emplace_back(detector.name);
            continue;
        }
        for (std::size_t s = 0; s < sentences.size(); ++s) {
            if (!detector.in_sentence(caption, sentences[s])) continue;
            flags.push_back(std::string(detector.name) + "@" + std::to_string(s));
        }
    }
    return flags;
}

bool is_missing_caption(std::string_view text) {
    const std::string word = ascii_lower(trim(text));
    return word.empty() || word == "nan" || word == "none" || word == "null";
}

}  // namespace lip::text
