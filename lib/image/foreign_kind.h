// What a file is that is no image this program reads, in words: for messages, by its first bytes.
// Private to the room.
#pragma once

#include <string>
#include <string_view>

namespace lip::image {

struct ForeignKind {
    std::string_view name;    // "a GIF image", what the file "is"; empty if unknown
    std::string_view remedy;  // "convert it to JPEG, PNG or WebP"
};

ForeignKind foreign_kind(std::string_view bytes);

// "the file is a GIF image (convert it to JPEG, PNG or WebP)", for any bytes that sniff() does not
// know.
std::string why_unreadable(std::string_view bytes);

}  // namespace lip::image
