// The bytes that garbled text was made of: damage on the way, and UTF-8 with its common variants.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lip::text {

// Puts back bytes A0 that became spaces, where UTF-8 would be whole with them.
std::string restore_byte_a0(std::string_view bytes);

// UTF-8 sequences with lost bytes (1A, at some places also '?') become U+FFFD.
std::string replace_lossy_sequences(std::string_view bytes);

// Strict UTF-8; nothing if it is ill-formed.
std::optional<std::u32string> decode_utf8(std::string_view bytes);

// UTF-8 in which pairs of surrogates were encoded one by one (CESU-8) and U+0000 may be C0 80.
std::optional<std::u32string> decode_utf8_variants(std::string_view bytes);

}  // namespace lip::text
