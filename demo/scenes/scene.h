// A scene: one to three stickers of different kinds on a background, with exact boxes and mask.
#pragma once

#include "scenes/background.h"
#include "scenes/color_names.h"
#include "scenes/glyph.h"
#include "scenes/kinds.h"
#include "scenes/sticker.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lip::demo {

// What all scenes share. Read only: any number of threads may draw from one.
struct Stickers {
    std::vector<Kind> kinds;
    std::vector<Glyph> glyphs;  // one a kind
    ColorNamer colors;
};

struct SceneObject {
    std::size_t kind = 0;  // index into Stickers::kinds
    std::string color;     // measured, "red" or "black and white"
    PixelBox box;          // of the whole sticker within the scene, pixels of alpha >= 0.5
    double side = 0;       // longer side of the sticker, fraction of the scene's side
};

struct Scene {
    int size = 0;                      // pixels a side
    std::vector<std::uint8_t> rgb;     // size * size * 3
    std::vector<std::uint8_t> mask;    // size * size: 0 background, else kind + 1 of the topmost
    std::vector<SceneObject> objects;  // bottom to top
    Background background;
};

// Draws the scene that (seed, key) stand for. `only` asks for one sticker of that kind; without it
// there are one to three of different kinds. At least 60 % of each sticker stays visible.
// Requires: stickers.kinds.size() >= kMinKinds, size >= 16. Throws DataError for a glyph so thin
// that it cannot be seen at this size.
Scene draw_scene(const Stickers& stickers, std::uint64_t seed, std::string_view key,
                 std::optional<std::size_t> only, int size);

}  // namespace lip::demo
