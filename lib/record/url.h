// References to images: URLs and paths in a form that can be compared, and keys made from them.
#pragma once

#include <string>
#include <string_view>

namespace lip::record {

// True for http(s), ftp and s3-like URLs.
bool is_url(std::string_view text);

// A URL, or a path with a file name ending: what a first column looks like.
bool looks_like_reference(std::string_view text);

// Trimmed; scheme and host in lower case and http = https, no default port, no fragment, escapes of
// unreserved characters decoded, spaces and what is not ASCII escaped, digits of escapes in upper
// case. A path is only trimmed and loses a leading "./".
std::string normalize_reference(std::string_view text);

// 32 hexadecimal digits: XXH3-128 of the normalised reference.
std::string reference_key(std::string_view text);

}  // namespace lip::record
