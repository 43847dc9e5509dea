#include "text/web_words.h"

#include "text/letters.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>

namespace lip::text {
namespace {

constexpr std::size_t kMaxAddress = 128;

constexpr std::string_view kFileExtensions[] = {
    "jpg",  "jpeg", "jfif", "png", "gif", "bmp", "tif", "tiff", "webp", "heic", "svg",
    "psd",  "raw",  "cr2",  "nef", "arw", "dng", "ico", "avif", "pdf",  "txt",  "doc",
    "docx", "xls",  "xlsx", "csv", "tsv", "ppt", "xml", "json", "html", "htm",  "php",
    "asp",  "aspx", "jsp",  "css", "js",  "py",  "cpp", "exe",  "zip",  "tar",  "gz",
    "mp3",  "mp4",  "avi",  "mov", "wav", "mpg", "wmv", "mkv",  "log",  "ini",  "dll",
};

constexpr std::string_view kDomainEndings[] = {
    "com", "org", "net", "edu", "gov", "mil", "info", "biz", "io",  "uk",  "de",
    "fr",  "eu",  "ru",  "jp",  "cn",  "nl",  "ch",   "ca",  "au",  "es",  "pl",
    "co",  "tv",  "se",  "fi",  "cz",  "br",  "dk",   "gr",  "hu",  "ie",  "il",
    "kr",  "mx",  "nz",  "ro",  "tw",  "ua",  "za",   "dev", "app", "xyz",
};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&list)[N]) {
    constexpr std::size_t kLongest = 4;
    if (word.empty() || word.size() > kLongest) return false;
    return std::find(std::begin(list), std::end(list), ascii_lower(word)) != std::end(list);
}

constexpr std::string_view kTrailing = ".,;:!?)]>\"'";

bool is_scheme_char(char c) {
    return is_ascii_letter(c) || c == '+';
}

bool is_host_char(char c) {
    return is_ascii_letter(c) || is_ascii_digit(c) || c == '-' || c == '.';
}

// What may stand before the "@" of an e-mail address.
bool is_local_char(char c) {
    return is_host_char(c) || c == '_' || c == '%' || c == '+';
}

// The end of the run of characters that `accept` holds for.
template <class Accept>
std::size_t end_of(std::string_view text, std::size_t pos, Accept accept) {
    while (pos < text.size() && accept(text[pos])) ++pos;
    return pos;
}

bool starts_with_www(std::string_view word) {
    return word.size() > 4 && ascii_lower(word.substr(0, 4)) == "www.";
}

// "example.org", "Example.Org/a", "example.org:80": names with a known ending, then nothing, a
// path, a query or a port.
bool has_host(std::string_view word) {
    const std::size_t end = end_of(word, 0, is_host_char);
    if (end < word.size() && std::string_view("/:?").find(word[end]) == word.npos) return false;
    const std::size_t dot = word.substr(0, end).rfind('.');
    return dot != word.npos && dot > 0 && is_domain_ending(word.substr(dot + 1, end - dot - 1));
}

// Right behind a period: "Doe@Example.Org", "Example.Com", "Museum.Example.Com/Visit".
bool goes_on_as_address(std::string_view rest) {
    const std::size_t local = end_of(rest, 0, is_local_char);
    if (local > 0 && local + 1 < rest.size() && rest[local] == '@') {
        return is_host_char(rest[local + 1]);
    }
    const std::size_t end = end_of(rest, 0, is_host_char);
    for (std::size_t pos = 0; pos < end;) {
        const std::size_t dot = std::min(rest.find('.', pos), end);
        if (is_domain_ending(rest.substr(pos, dot - pos))) return true;
        pos = dot + 1;
    }
    return false;
}

}  // namespace

bool is_file_extension(std::string_view word) {
    return is_one_of(word, kFileExtensions);
}
bool is_domain_ending(std::string_view word) {
    return is_one_of(word, kDomainEndings);
}

bool is_address(std::string_view word) {
    const std::size_t colon = word.find("://");
    if (colon != word.npos && colon > 0 && end_of(word, 0, is_scheme_char) == colon) {
        return colon + 3 < word.size();
    }
    while (!word.empty() && kTrailing.find(word.back()) != kTrailing.npos) word.remove_suffix(1);
    if (starts_with_www(word)) return true;
    if (const std::size_t at = word.find('@'); at != word.npos) {
        return at > 0 && end_of(word, 0, is_local_char) == at && has_host(word.substr(at + 1));
    }
    return has_host(word);
}

bool is_in_address(std::string_view text, std::size_t floor, std::size_t pos) {
    std::size_t begin = pos;
    while (begin > floor && static_cast<unsigned char>(text[begin - 1]) > 0x20) {
        if (pos - begin == kMaxAddress) return true;
        --begin;
    }
    const std::string_view token = text.substr(begin, pos - begin);
    if (token.find('@') != token.npos || token.find("://") != token.npos) return true;
    const std::size_t www = token.find_first_of("wW");
    if (www <= 2 && starts_with_www(token.substr(www))) return true;
    const std::size_t slash = token.find('/');
    if (slash != token.npos && has_host(token.substr(0, slash + 1))) return true;
    return goes_on_as_address(text.substr(pos, kMaxAddress));
}

}  // namespace lip::text
