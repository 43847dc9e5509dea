// Endings of file names and web addresses: what stands after their last period.
#pragma once

#include <string_view>

namespace lip::text {

// Both compare without case. Words of ordinary language ("it", "in", "me") are left out.
bool is_file_extension(std::string_view word);
bool is_domain_ending(std::string_view word);

// A word that is an address as a whole: "https://...", "www...", "jane@example.org",
// "example.org/a", whatever its case. End marks behind it are allowed.
bool is_address(std::string_view word);

// The word around `pos`, from `floor` on, is a web or e-mail address that goes on at `pos`: before
// it stands "://", "@", "www." or a host with a path, or behind it the rest of a host or what comes
// before an "@". Looks 128 bytes far at most; anything longer counts as an address.
bool is_in_address(std::string_view text, std::size_t floor, std::size_t pos);

}  // namespace lip::text
