#include "scenes/font.h"

#include "cli/error.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace lip::demo {

using cli::DataError;

namespace {

struct LibraryDeleter {
    void operator()(FT_Library library) const { FT_Done_FreeType(library); }
};
struct FaceDeleter {
    void operator()(FT_Face face) const { FT_Done_Face(face); }
};
using LibraryGuard = std::unique_ptr<std::remove_pointer_t<FT_Library>, LibraryDeleter>;
using FaceGuard = std::unique_ptr<std::remove_pointer_t<FT_Face>, FaceDeleter>;

FaceGuard open_face(FT_Library library, const std::filesystem::path& path) {
    FT_Face face = nullptr;
    if (FT_New_Face(library, path.c_str(), 0, &face) != 0) {
        throw DataError(path.string() +
                        ": cannot be opened as a font; install the package fonts-noto-color-emoji "
                        "or name a font with --font");
    }
    FaceGuard guard(face);
    if (!FT_HAS_COLOR(face) || face->num_fixed_sizes < 1 || FT_Select_Size(face, 0) != 0) {
        throw DataError(path.string() + ": holds no colour bitmaps (CBDT); choose another --font");
    }
    return guard;
}

// FreeType's colour bitmaps are premultiplied blue, green, red, alpha.
Bitmap copy_pixels(const FT_Bitmap& source) {
    Bitmap bitmap{static_cast<int>(source.width), static_cast<int>(source.rows), {}};
    bitmap.pixels.reserve(std::size_t{source.width} * source.rows);
    for (unsigned y = 0; y < source.rows; ++y) {
        const unsigned char* p = source.buffer + static_cast<std::ptrdiff_t>(y) * source.pitch;
        for (unsigned x = 0; x < source.width; ++x, p += 4) {
            bitmap.pixels.push_back(
                {static_cast<float>(p[2]) / 255.0F, static_cast<float>(p[1]) / 255.0F,
                 static_cast<float>(p[0]) / 255.0F, static_cast<float>(p[3]) / 255.0F});
        }
    }
    return bitmap;
}

std::string hex_name(const Kind& kind) {
    char text[16];
    std::snprintf(text, sizeof text, "U+%04X", static_cast<unsigned>(kind.code_point));
    return std::string(text) + " (" + kind.name + ")";
}

Glyph load_glyph(FT_Face face, const Kind& kind) {
    const FT_UInt index = FT_Get_Char_Index(face, kind.code_point);
    if (index == 0) throw DataError("holds no " + hex_name(kind));
    if (FT_Load_Glyph(face, index, FT_LOAD_COLOR) != 0 ||
        face->glyph->bitmap.pixel_mode != FT_PIXEL_MODE_BGRA) {
        throw DataError("has no colour bitmap for " + hex_name(kind));
    }
    std::optional<Glyph> glyph = make_glyph(copy_pixels(face->glyph->bitmap));
    if (!glyph) throw DataError("has an empty " + hex_name(kind));
    return std::move(*glyph);
}

}  // namespace

std::vector<Glyph> load_glyphs(const std::filesystem::path& font_file,
                               std::span<const Kind> kinds) {
    FT_Library raw = nullptr;
    if (FT_Init_FreeType(&raw) != 0) throw DataError("FreeType cannot be started");
    const LibraryGuard library(raw);
    const FaceGuard face = open_face(library.get(), font_file);
    std::vector<Glyph> glyphs;
    for (const Kind& kind : kinds) {
        try {
            glyphs.push_back(load_glyph(face.get(), kind));
        } catch (const DataError& error) {
            throw DataError(font_file.string() + ": " + error.what());
        }
    }
    return glyphs;
}

}  // namespace lip::demo
