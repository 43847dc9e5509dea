// UTF-16, as some programs of Windows write text files.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lip::text {

// The bytes as UTF-8, without their byte order mark. A surrogate alone and a last odd byte become
// bytes that are no UTF-8, so that a caption with one is flagged. Nothing if they do not begin with
// a byte order mark of UTF-16.
std::optional<std::string> from_utf16(std::string_view bytes);

}  // namespace lip::text
