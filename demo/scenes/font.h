// The glyphs of an emoji font.
#pragma once

#include "scenes/glyph.h"
#include "scenes/kinds.h"

#include <filesystem>
#include <span>
#include <vector>

namespace lip::demo {

// Renders the glyph of every kind at the size at which `font_file` holds colour bitmaps.
// Throws DataError if the font cannot be opened, has no colour bitmaps, or lacks a kind.
std::vector<Glyph> load_glyphs(const std::filesystem::path& font_file, std::span<const Kind> kinds);

}  // namespace lip::demo
