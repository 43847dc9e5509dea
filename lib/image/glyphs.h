// Letters of a fixed width, for names in pictures. Pure functions; any thread.
#pragma once

#include "image/image.h"

#include <string>
#include <string_view>

namespace lip::image {

// A glyph has 5 x 7 pixels; text leaves one between letters.
inline constexpr int kGlyphWidth = 5, kGlyphHeight = 7, kGlyphAdvance = 6;

// Is pixel (x, y) of the letter set? ASCII's printable letters have a picture; all others are an
// empty frame. Requires 0 <= x < kGlyphWidth and 0 <= y < kGlyphHeight.
bool glyph_pixel(char32_t letter, int x, int y);

// Letters of a text of UTF-8: what text takes, times kGlyphAdvance. Broken bytes count one each.
int letter_count(std::string_view text);

// Draws a line of text with its top left corner at (x, y), every pixel of a letter `scale` x
// `scale` pixels large. What lies outside the image is not drawn. Requires scale >= 1.
void draw_text(Image& image, int x, int y, std::string_view text, const Rgb& colour, int scale);

}  // namespace lip::image
