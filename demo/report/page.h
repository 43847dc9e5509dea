// Pieces of an HTML page that needs no other file: pictures stand in it as data.
#pragma once

#include "image/image.h"

#include <string>

namespace lip::demo {

// Text as it may stand in a page.
std::string escaped(const std::string& text);

// An <img> of a file's bytes, or of pixels.
std::string picture(const std::string& bytes, const char* type);
std::string picture(const image::Image& image);

// <td>...</td>
std::string cell(const std::string& content, const char* kind = nullptr);

// The beginning of a page, with its style for light and dark screens.
std::string page_head(const std::string& title);

}  // namespace lip::demo
