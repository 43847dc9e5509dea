#include "text/flags.h"

#include "text/flag_detectors.h"
#include "text/letters.h"
#include "text/utf8.h"

#include <iterator>

namespace lip::text {
namespace {

// A detector looks at the caption, or at each of its sentences; the other function is null.
struct Detector {
    std::string_view name;
    std::string_view summary;
    bool (*in_caption)(const CaptionView& caption);
    bool (*in_sentence)(std::string_view sentence);
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
    const CaptionView caption{text, form, sentences};
    std::vector<std::string> flags;
    for (std::size_t n = 0; n < std::size(kDetectors); ++n) {
        if ((wanted >> n & 1) == 0) continue;
        const Detector& detector = kDetectors[n];
        if (detector.in_caption != nullptr) {
            if (detector.in_caption(caption)) flags.emplace_back(detector.name);
            continue;
        }
        for (std::size_t s = 0; s < sentences.size(); ++s) {
            if (!detector.in_sentence(slice(text, sentences[s]))) continue;
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
