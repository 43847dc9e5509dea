// Names of colours: which of eleven basic names an sRGB value has, and the main ones of pixels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lip::demo {

// sRGB, 0..1.
struct Color {
    float r = 0, g = 0, b = 0;
};

inline constexpr std::array<std::string_view, 11> kColorNames = {
    "black", "white", "gray",   "red",  "orange", "yellow",
    "green", "blue",  "purple", "pink", "brown"};

// A table from sRGB to the name of the nearest reference colour in CIE L*a*b*.
// Read only after construction: any number of threads may share one.
class ColorNamer {
public:
    ColorNamer();

    // Index into kColorNames.
    std::size_t nearest(Color color) const;

private:
    std::vector<std::uint8_t> table_;  // 5 bits a channel
};

// Counts pixels by name. The phrase is "red", or "black and white" if the second colour has at
// least three fifths of the pixels of the first. Black alone, white alone and gray are outlines
// and shades of most things: they count a third against a real colour.
class ColorCount {
public:
    void add(std::size_t name) { ++pixels_[name]; }

    // Names in falling order, one or two. Requires: add was called.
    std::vector<std::size_t> main_names() const;

    // The names as words of a caption.
    std::string phrase() const;

private:
    std::array<std::size_t, kColorNames.size()> pixels_{};
};

}  // namespace lip::demo
