#include "record/url.h"

#include <xxhash.h>

#include <cctype>
#include <cstdio>

namespace lip::record {
namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n\f\v";
    const std::size_t begin = text.find_first_not_of(kSpace);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool is_unreserved(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

// What a URL cannot hold as it is, and browsers escape: spaces, control characters, what is not
// ASCII and some marks.
bool needs_escape(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte >= 0x7F ||
           std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos;
}

void append_escape(std::string& out, char c) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
}

// One spelling of every character: unreserved ones decoded, what must be escaped is, with digits in
// upper case. Decodes once: what would only become an escape by that stays as it is ("%%34%31" is
// not "%41"), so that a normal form is its own.
std::string normal_escapes(std::string_view text) {
    std::string out;
    std::size_t after_stray = 0;  // bytes of `out` up to here must not become part of an escape
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_escape = text[i] == '%' && i + 2 < text.size() &&
                               hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
        if (is_escape) {
            const char c = static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            const bool joins_stray = out.size() < after_stray && hex_digit(c) >= 0;
            if (is_unreserved(c) && !joins_stray)
                out += c;
            else
                append_escape(out, c);
            i += 2;
            continue;
        }
        if (needs_escape(text[i]))
            append_escape(out, text[i]);
        else
            out += text[i];
        if (text[i] == '%') after_stray = out.size() + 2;
    }
    return out;
}

}  // namespace

bool is_url(std::string_view text) {
    text = trimmed(text);
    const std::size_t colon = text.find("://");
    if (colon == text.npos || colon == 0 || colon > 8) return false;
    for (const char c : text.substr(0, colon))
        if (!std::isalnum(static_cast<unsigned char>(c))) return false;
    return text.size() > colon + 3;
}

bool looks_like_reference(std::string_view text) {
    if (is_url(text)) return true;
    if (text.empty() || text.find('\n') != text.npos || text.find(". ") != text.npos) return false;
    const std::size_t slash = text.rfind('/');
    const std::size_t dot = text.rfind('.');
    return dot != text.npos && dot > 0 && text.size() - dot <= 6 && text.size() - dot > 1 &&
           (slash == text.npos || slash < dot) && text.find(' ', dot) == text.npos;
}

std::string normalize_reference(std::string_view text) {
    text = trimmed(text);
    if (!is_url(text)) {
        while (text.starts_with("./")) text = trimmed(text.substr(2));
        if (!is_url(text)) return std::string(text);
    }
    const std::size_t colon = text.find("://");
    std::string scheme, host;
    for (const char c : text.substr(0, colon)) scheme += lower(c);
    text = trimmed(text.substr(0, text.find('#', colon)));
    text.remove_prefix(std::min(colon + 3, text.size()));
    const std::size_t host_end = std::min(text.find_first_of("/?"), text.size());
    for (const char c : text.substr(0, host_end)) host += lower(c);
    text.remove_prefix(host_end);
    if (scheme == "http") scheme = "https";
    while (scheme == "https" && (host.ends_with(":80") || host.ends_with(":443")))
        host.resize(host.rfind(':'));
    std::string path = normal_escapes(text);
    if (path.empty()) path = "/";
    return scheme + "://" + host + path;
}

std::string reference_key(std::string_view text) {
    const std::string normal = normalize_reference(text);
    const XXH128_hash_t hash = XXH3_128bits(normal.data(), normal.size());
    char digits[40];
    std::snprintf(digits, sizeof digits, "%016llx%016llx",
                  static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return digits;
}

}  // namespace lip::record
