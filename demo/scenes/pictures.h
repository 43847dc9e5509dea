// Cut-out pictures as stickers: PNG files with alpha, a text file with a description beside each,
// as Tux Paint's stamps are kept.
#pragma once

#include "scenes/glyph.h"
#include "scenes/kinds.h"

#include <filesystem>
#include <span>
#include <vector>

namespace lip::demo {

// Longest side of a picture.
inline constexpr int kMaxPictureSide = 4096;

// Reads `kinds_file`: the sources are PNG files relative to `folder`. The first line of the text
// file beside a picture (owl.txt for owl.png) must hold the plain name, in either case; the first
// folders give the group. Throws DataError as read_kinds() does.
std::vector<Kind> load_picture_kinds(const std::filesystem::path& kinds_file,
                                     const std::filesystem::path& folder);

// Throws DataError if a picture is absent, no sound PNG, too large, or clear all over.
std::vector<Glyph> load_pictures(const std::filesystem::path& folder, std::span<const Kind> kinds);

}  // namespace lip::demo
