// Endings of file names and web addresses: what stands after their last period.
#pragma once

#include <string_view>

namespace lip::text {

// Both compare without case. Words of ordinary language ("it", "in", "me") are left out.
bool is_file_extension(std::string_view word);
bool is_domain_ending(std::string_view word);

// The part of a text without white space that ends at `pos`, clipped at `floor`, is a web or
// e-mail address: it has "://", "@", or begins with "www.". Looks back 128 bytes at most;
// anything longer counts as an address.
bool is_in_address(std::string_view text, std::size_t floor, std::size_t pos);

}  // namespace lip::text
