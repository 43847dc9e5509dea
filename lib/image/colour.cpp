#include "image/colour.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace lip::image {
namespace {

using Table = std::array<std::uint8_t, 256>;
using Histogram = std::array<std::int64_t, 256>;

std::uint8_t to_byte(float value) {
    return static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F));
}

// factor * value + (1 - factor) * other; torchvision rounds both factors to float after the
// subtraction, and cuts the result off.
std::uint8_t blend(double factor, float value, float other) {
    return to_byte(static_cast<float>(factor) * value + static_cast<float>(1 - factor) * other);
}

std::uint8_t grey_of(const std::uint8_t* rgb) {
    return static_cast<std::uint8_t>(0.2989F * static_cast<float>(rgb[0]) +
                                     0.587F * static_cast<float>(rgb[1]) +
                                     0.114F * static_cast<float>(rgb[2]));
}

template <class Value>
Table table_of(const Value& value) {
    Table table;
    for (std::size_t v = 0; v < 256; ++v) table[v] = value(static_cast<int>(v));
    return table;
}

void look_up(Image& image, const Table& table) {
    for (std::uint8_t& byte : image.rgb) byte = table[byte];
}

// A table a channel, made from the channel's histogram.
template <class MakeTable>
void look_up_by_channel(Image& image, const MakeTable& make_table) {
    for (std::size_t c = 0; c < 3; ++c) {
        Histogram histogram{};
        for (std::size_t i = c; i < image.rgb.size(); i += 3) ++histogram[image.rgb[i]];
        const Table table = make_table(histogram);
        for (std::size_t i = c; i < image.rgb.size(); i += 3) image.rgb[i] = table[image.rgb[i]];
    }
}

template <class Pixel>
void for_each_pixel(Image& image, const Pixel& pixel) {
    for (std::size_t i = 0; i < image.rgb.size(); i += 3) pixel(image.rgb.data() + i);
}

struct Hsv {
    float hue, saturation, value;  // 0 .. 1 each
};

Hsv to_hsv(float r, float g, float b) {
    const float high = std::max({r, g, b});
    const float range = high - std::min({r, g, b});
    if (range == 0) return {0, 0, high};
    float hue = 0;
    if (high == r)
        hue = (g - b) / range;
    else if (high == g)
        hue = 2 + (b - r) / range;
    else
        hue = 4 + (r - g) / range;
    // Whole turns are taken off by hand here and below: fmod() and floor() are calls.
    const float turns = hue / 6 + 1;
    return {turns >= 1 ? turns - 1 : turns, range / high, high};
}

std::array<float, 3> to_rgb(const Hsv& c) {
    const int sixth = static_cast<int>(c.hue * 6);
    const float rest = c.hue * 6 - static_cast<float>(sixth);
    const auto unit = [](float x) { return std::clamp(x, 0.0F, 1.0F); };
    const float v = c.value;
    const float p = unit(v * (1 - c.saturation));
    const float q = unit(v * (1 - c.saturation * rest));
    const float t = unit(v * (1 - c.saturation * (1 - rest)));
    switch (sixth % 6) {
        case 0:
            return {v, t, p};
        case 1:
            return {q, v, p};
        case 2:
            return {p, v, t};
        case 3:
            return {p, q, v};
        case 4:
            return {t, p, v};
        default:
            return {v, p, q};
    }
}

Table stretched(const Histogram& histogram) {
    const auto is_used = [](std::int64_t n) { return n > 0; };
    const auto low = std::find_if(histogram.begin(), histogram.end(), is_used) - histogram.begin();
    const auto above = std::find_if(histogram.rbegin(), histogram.rend(), is_used);
    const auto high = 255 - (above - histogram.rbegin());
    if (high <= low) return table_of([](int v) { return static_cast<std::uint8_t>(v); });
    const float scale = 255.0F / static_cast<float>(high - low);
    return table_of([&](int v) { return to_byte(static_cast<float>(v - low) * scale); });
}

Table equalized(const Histogram& histogram) {
    std::int64_t pixels = 0, last = 0;
    for (const std::int64_t n : histogram) {
        pixels += n;
        if (n > 0) last = n;
    }
    const std::int64_t step = (pixels - last) / 255;
    if (step == 0) return table_of([](int v) { return static_cast<std::uint8_t>(v); });
    std::int64_t below = 0;
    Table table;
    for (std::size_t v = 0; v < 256; ++v) {
        table[v] =
            v == 0
                ? std::uint8_t{0}
                : static_cast<std::uint8_t>(std::min<std::int64_t>(255, (below + step / 2) / step));
        below += histogram[v];
    }
    return table;
}

}  // namespace

void adjust_brightness(Image& image, double factor) {
    look_up(image, table_of([&](int v) { return blend(factor, static_cast<float>(v), 0); }));
}

void adjust_contrast(Image& image, double factor) {
    double sum = 0;
    for_each_pixel(image, [&](const std::uint8_t* rgb) { sum += grey_of(rgb); });
    const auto mean = static_cast<float>(sum / (static_cast<double>(image.rgb.size()) / 3));
    look_up(image, table_of([&](int v) { return blend(factor, static_cast<float>(v), mean); }));
}

void adjust_saturation(Image& image, double factor) {
    for_each_pixel(image, [&](std::uint8_t* rgb) {
        const float grey = grey_of(rgb);
        for (int c = 0; c < 3; ++c) rgb[c] = blend(factor, rgb[c], grey);
    });
}

void adjust_hue(Image& image, float turn) {
    for_each_pixel(image, [&](std::uint8_t* rgb) {
        Hsv colour = to_hsv(static_cast<float>(rgb[0]) / 255, static_cast<float>(rgb[1]) / 255,
                            static_cast<float>(rgb[2]) / 255);
        colour.hue += turn;
        if (colour.hue < 0) colour.hue += 1;
        if (colour.hue >= 1) colour.hue -= 1;
        const auto turned = to_rgb(colour);
        // 256 steps of equal width, as torchvision turns 0 .. 1 into bytes.
        for (std::size_t c = 0; c < 3; ++c) rgb[c] = to_byte(turned[c] * 255.999F);
    });
}

void to_grey(Image& image) {
    for_each_pixel(image, [](std::uint8_t* rgb) { std::fill(rgb, rgb + 3, grey_of(rgb)); });
}

void posterize(Image& image, int bits) {
    const int mask = 0xFF << (8 - bits);
    look_up(image, table_of([&](int v) { return static_cast<std::uint8_t>(v & mask); }));
}

void solarize(Image& image, float threshold) {
    look_up(image, table_of([&](int v) {
                return static_cast<std::uint8_t>(static_cast<float>(v) >= threshold ? 255 - v : v);
            }));
}

void autocontrast(Image& image) {
    look_up_by_channel(image, stretched);
}

void equalize(Image& image) {
    look_up_by_channel(image, equalized);
}

}  // namespace lip::image
