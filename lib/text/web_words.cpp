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
    "com", "org", "net", "edu", "gov", "mil", "info", "biz", "io", "uk", "de", "fr", "eu", "ru",
    "jp",  "cn",  "nl",  "ch",  "ca",  "au",  "es",   "pl",  "co", "tv", "se", "fi", "cz", "br",
};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&list)[N]) {
    constexpr std::size_t kLongest = 4;
    if (word.empty() || word.size() > kLongest) return false;
    return std::find(std::begin(list), std::end(list), ascii_lower(word)) != std::end(list);
}

}  // namespace

bool is_file_extension(std::string_view word) {
    return is_one_of(word, kFileExtensions);
}
bool is_domain_ending(std::string_view word) {
    return is_one_of(word, kDomainEndings);
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
    if (www > 2 || token.size() < www + 4) return false;
    return ascii_lower(token.substr(www, 4)) == "www.";
}

}  // namespace lip::text
