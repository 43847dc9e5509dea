#include "scenes/font.h"

#include "cli/error.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <cstdio>
#include <memory>
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

// The smallest rectangle that holds all pixels of alpha >= 0.5; empty if there is none.
Bitmap cropped(const Bitmap& full) {
    int x0 = full.width, y0 = full.height, x1 = 0, y1 = 0;
    for (int y = 0; y < full.height; ++y) {
        for (int x = 0; x < full.width; ++x) {
            if (full.pixels[static_cast<std::size_t>(y * full.width + x)].a < 0.5F) continue;
            x0 = std::min(x0, x);
            x1 = std::max(x1, x + 1);
            y0 = std::min(y0, y);
            y1 = std::max(y1, y + 1);
        }
    }
    if (x1 <= x0) return {};
    Bitmap part{x1 - x0, y1 - y0, {}};
    for (int y = y0; y < y1; ++y) {
        const auto row = full.pixels.begin() + y * full.width;
        part.pixels.insert(part.pixels.end(), row + x0, row + x1);
    }
    return part;
}

// Half the size; what lies beyond an odd edge counts as transparent.
Bitmap halved(const Bitmap& big) {
    Bitmap half{(big.width + 1) / 2, (big.height + 1) / 2, {}};
    half.pixels.resize(static_cast<std::size_t>(half.width) *
                       static_cast<std::size_t>(half.height));
    for (int y = 0; y < big.height; ++y) {
        for (int x = 0; x < big.width; ++x) {
            const Rgba& from = big.pixels[static_cast<std::size_t>(y * big.width + x)];
            Rgba& to = half.pixels[static_cast<std::size_t>(y / 2 * half.width + x / 2)];
            to.r += 0.25F * from.r;
            to.g += 0.25F * from.g;
            to.b += 0.25F * from.b;
            to.a += 0.25F * from.a;
        }
    }
    return half;
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
    Glyph glyph;
    glyph.levels.push_back(cropped(copy_pixels(face->glyph->bitmap)));
    if (glyph.levels[0].pixels.empty()) throw DataError("has an empty " + hex_name(kind));
    while (glyph.levels.back().width > 4) glyph.levels.push_back(halved(glyph.levels.back()));
    for (const Rgba& pixel : glyph.levels[0].pixels) glyph.area += static_cast<double>(pixel.a);
    return glyph;
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
