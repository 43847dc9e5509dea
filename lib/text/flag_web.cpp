#include "text/flag_detectors.h"
#include "text/letters.h"
#include "text/utf8.h"
#include "text/web_words.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace lip::text {
namespace {

// UTF-8 that was read as Windows-1252 or Latin-1 and written again; U+FFFD; NUL.
constexpr std::string_view kMojibake[] = {
    {"\xC3\xA2\xE2\x82\xAC"},      // "â€": quotes and dashes
    {"\xC3\xA2\xC2\x80"},          // the same by way of Latin-1
    {"\xC3\xAF\xC2\xBB\xC2\xBF"},  // a byte-order mark
    {"\xC3\xB0\xC5\xB8"},          // "ðŸ": emoji
    {"\xEF\xBF\xBD"},              // U+FFFD
    {"\0", 1},
};

// In lower case. "s" is missing on purpose: <s> is a token of decoders.
constexpr std::string_view kTags[] = {
    "a",     "b",   "br",  "center", "div", "em", "font", "h1",     "h2",   "h3",
    "hr",    "i",   "img", "li",     "ol",  "p",  "pre",  "script", "span", "strong",
    "style", "sub", "sup", "table",  "td",  "th", "tr",   "u",      "ul",
};

// In lower case: what cameras put before the number of a picture.
constexpr std::string_view kCameraPrefixes[] = {
    "img", "dsc", "dscn", "dscf", "pict", "mvi", "vid", "pxl", "imgp", "sam", "gopr", "dji", "wp",
};
constexpr std::size_t kMinCameraDigits = 4;

bool is_word_byte(char c) {
    return is_ascii_letter(c) || is_ascii_digit(c) || c == '_';
}

// True if `accept` holds at one of the places where `c` stands.
template <class Accept>
bool any_at(std::string_view text, char c, Accept accept) {
    for (std::size_t pos = text.find(c); pos != text.npos; pos = text.find(c, pos + 1)) {
        if (accept(pos)) return true;
    }
    return false;
}

template <class Accept>
std::size_t skip_while(std::string_view text, std::size_t pos, Accept accept) {
    while (pos < text.size() && accept(text[pos])) ++pos;
    return pos;
}

// The letters and digits after the period at `pos`, if it stands inside a word: "jpg" in "a.jpg".
// At most 8 bytes are looked at; a longer word is no ending.
std::string_view ending_after(std::string_view text, std::size_t pos) {
    constexpr std::size_t kLongest = 8;
    if (pos == 0 || !(is_word_byte(text[pos - 1]) || text[pos - 1] == '-')) return {};
    const std::string_view window = text.substr(pos + 1, kLongest);
    const std::size_t size = skip_while(window, 0, is_word_byte);
    return size < kLongest ? window.substr(0, size) : std::string_view();
}

// Two code points that UTF-8 of a letter beyond ASCII becomes when read as Latin-1: "Ã©", "Â°".
bool is_latin_pair(std::string_view text, std::size_t pos) {
    const std::string_view four = text.substr(pos, 4);
    return four.size() == 4 && (four[1] == '\x83' || four[1] == '\x82') && four[2] == '\xC2';
}

// "&amp;", "&#39;"
bool is_entity(std::string_view text, std::size_t pos) {
    constexpr std::size_t kLongest = 9;
    const std::string_view window = text.substr(pos + 1, kLongest);
    const bool numeric = window.starts_with('#');
    const std::size_t end = skip_while(
        window, numeric ? 1 : 0, [](char c) { return is_ascii_letter(c) || is_ascii_digit(c); });
    return end >= 2 && end < window.size() && window[end] == ';';
}

bool is_tag(std::string_view text, std::size_t pos) {
    constexpr std::size_t kLongest = 8;
    std::size_t begin = pos + 1;
    if (begin < text.size() && text[begin] == '/') ++begin;
    const std::string_view window = text.substr(begin, kLongest);
    const std::size_t size =
        skip_while(window, 0, [](char c) { return is_ascii_letter(c) || is_ascii_digit(c); });
    if (size == 0 || size >= window.size()) return false;
    const char after = window[size];
    if (after != '>' && after != ' ' && after != '/') return false;
    return std::find(std::begin(kTags), std::end(kTags), ascii_lower(window.substr(0, size))) !=
           std::end(kTags);
}

// A word such as IMG_0412 or DSC01234 that ends before `pos`; `digits` begin inside it.
bool is_camera_name(std::string_view text, std::size_t digits) {
    const std::size_t end = skip_while(text, digits, is_ascii_digit);
    if (end - digits < kMinCameraDigits) return false;
    std::size_t stem = digits;
    if (stem > 0 && (text[stem - 1] == '_' || text[stem - 1] == '-')) --stem;
    constexpr std::size_t kLongest = 4;
    std::size_t begin = stem;
    while (begin > 0 && stem - begin <= kLongest && is_ascii_letter(text[begin - 1])) --begin;
    const std::string prefix = ascii_lower(text.substr(begin, stem - begin));
    return std::find(std::begin(kCameraPrefixes), std::end(kCameraPrefixes), prefix) !=
           std::end(kCameraPrefixes);
}

}  // namespace

bool has_mojibake(const CaptionView& caption) {
    if (!caption.has(kHighByte | kControlByte)) return false;
    const std::string_view text = caption.text;
    const bool listed = std::any_of(std::begin(kMojibake), std::end(kMojibake),
                                    [&](std::string_view s) { return text.find(s) != text.npos; });
    return listed ||
           any_at(text, '\xC3', [&](std::size_t pos) { return is_latin_pair(text, pos); });
}

bool has_html(const CaptionView& caption) {
    if (!caption.has(kMarkupByte)) return false;
    const std::string_view text = caption.text;
    return any_at(text, '&', [&](std::size_t pos) { return is_entity(text, pos); }) ||
           any_at(text, '<', [&](std::size_t pos) { return is_tag(text, pos); });
}

bool has_url(const CaptionView& caption) {
    const std::string_view text = caption.text;
    if (text.find("://") != text.npos) return true;
    return any_at(text, '.', [&](std::size_t pos) {
        const std::string_view ending = ending_after(text, pos);
        if (ending.empty()) return false;
        const bool www = pos >= 3 && ascii_lower(text.substr(pos - 3, 3)) == "www" &&
                         (pos == 3 || !is_word_byte(text[pos - 4]));
        // Two letters before: "J.Co" is a name. Capitals: "water.De" is a missing space.
        return www || (pos >= 2 && is_word_byte(text[pos - 2]) && is_domain_ending(ending) &&
                       (ending == ascii_lower(ending) || ascii_lower(ending[1]) != ending[1]));
    });
}

bool has_hashtag(const CaptionView& caption) {
    if (!caption.has(kMarkupByte)) return false;
    const std::string_view text = caption.text;
    return any_at(text, '#', [&](std::size_t pos) {
        const bool starts = pos == 0 || (!is_word_byte(text[pos - 1]) && text[pos - 1] != '&');
        return starts && pos + 1 < text.size() &&
               letter_case(decode_at(text, pos + 1).code) != LetterCase::kNone;
    });
}

bool has_placeholder(const CaptionView& caption) {
    if (!caption.has(kMarkupByte)) return false;
    const std::string_view text = caption.text;
    const auto is_name = [&](std::size_t pos) {
        const std::size_t end =
            skip_while(text, pos + 1, [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
        return end - pos > 2 && end < text.size() && text[end] == '>';
    };
    const auto is_lone = [&](std::size_t pos) {
        return (pos == 0 || space_size_before(text, pos) > 0) &&
               (pos + 1 == text.size() || space_size_at(text, pos + 1) > 0);
    };
    return any_at(text, '<', is_name) || any_at(text, '#', is_lone);
}

bool has_filename(const CaptionView& caption) {
    const std::string_view text = caption.text;
    const bool extension = any_at(
        text, '.', [&](std::size_t pos) { return is_file_extension(ending_after(text, pos)); });
    if (extension) return true;
    if (!caption.has(kDigitByte)) return false;
    for (std::size_t pos = 0; pos < text.size(); ++pos) {
        if (!is_ascii_digit(text[pos])) continue;
        if (is_camera_name(text, pos)) return true;
        pos = skip_while(text, pos, is_ascii_digit);
    }
    return false;
}

bool has_non_ascii(const CaptionView& caption) {
    return caption.has(kHighByte);
}

}  // namespace lip::text
