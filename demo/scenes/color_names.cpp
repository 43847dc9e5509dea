#include "scenes/color_names.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lip::demo {

namespace {

struct Lab {
    double l = 0, a = 0, b = 0;
};

struct Reference {
    std::size_t name;  // index into kColorNames
    std::uint8_t r, g, b;
};

// Some names cover a wide range, so they have several reference colours.
constexpr Reference kReferences[] = {
    {0, 0, 0, 0},        {0, 35, 35, 38},    {0, 55, 52, 52},    {1, 255, 255, 255},
    {1, 236, 238, 240},  {2, 128, 128, 128}, {2, 190, 192, 194}, {2, 90, 92, 96},
    {2, 158, 166, 172},  {3, 220, 20, 30},   {3, 160, 10, 25},   {3, 240, 70, 60},
    {3, 232, 80, 42},    {3, 190, 50, 30},   {3, 130, 25, 25},   {4, 255, 140, 0},
    {4, 245, 125, 35},   {4, 255, 167, 80},  {4, 215, 115, 25},  {5, 255, 225, 40},
    {5, 250, 200, 50},   {5, 250, 240, 140}, {5, 225, 180, 45},  {5, 190, 150, 35},
    {5, 255, 214, 110},  {6, 0, 128, 0},     {6, 110, 200, 80},  {6, 30, 80, 30},
    {6, 150, 230, 150},  {6, 128, 128, 30},  {6, 0, 150, 120},   {6, 190, 210, 50},
    {6, 150, 165, 50},   {7, 0, 60, 220},    {7, 70, 140, 230},  {7, 150, 205, 245},
    {7, 20, 30, 110},    {7, 0, 180, 215},   {7, 100, 150, 170}, {7, 60, 100, 125},
    {7, 120, 180, 195},  {8, 128, 0, 128},   {8, 100, 60, 170},  {8, 180, 130, 220},
    {9, 255, 150, 190},  {9, 255, 105, 180}, {9, 250, 200, 210}, {5, 205, 160, 40},
    {5, 170, 130, 30},   {10, 120, 70, 30},  {10, 160, 100, 60}, {10, 80, 45, 30},
    {10, 210, 170, 120}, {10, 135, 90, 75},  {10, 175, 135, 110}};

double linear(double v) {
    return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

double lab_f(double t) {
    return t > 216.0 / 24389.0 ? std::cbrt(t) : (24389.0 / 27.0 * t + 16.0) / 116.0;
}

// CIE 1976 L*a*b* of an sRGB colour, white point D65.
Lab to_lab(double red, double green, double blue) {
    const double r = linear(red), g = linear(green), b = linear(blue);
    const double x = lab_f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
    const double y = lab_f(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
    const double z = lab_f((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
    return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

double square(double v) {
    return v * v;
}

std::size_t nearest_reference(const Lab& color, const std::vector<Lab>& references) {
    std::size_t best = 0;
    double best_distance = std::numeric_limits<double>::max();
    for (std::size_t i = 0; i < references.size(); ++i) {
        const Lab& other = references[i];
        const double distance =
            square(color.l - other.l) + square(color.a - other.a) + square(color.b - other.b);
        if (distance < best_distance) {
            best = i;
            best_distance = distance;
        }
    }
    return kReferences[best].name;
}

std::size_t five_bits(float v) {
    return static_cast<std::size_t>(std::clamp(v, 0.0F, 1.0F) * 31.0F + 0.5F);
}

bool is_neutral(std::size_t name) {
    return name <= 2;
}

}  // namespace

ColorNamer::ColorNamer() {
    std::vector<Lab> references;
    for (const Reference& c : kReferences) {
        references.push_back(to_lab(c.r / 255.0, c.g / 255.0, c.b / 255.0));
    }
    table_.reserve(std::size_t{32} * 32 * 32);
    for (int r = 0; r < 32; ++r) {
        for (int g = 0; g < 32; ++g) {
            for (int b = 0; b < 32; ++b) {
                const Lab lab = to_lab(r / 31.0, g / 31.0, b / 31.0);
                table_.push_back(static_cast<std::uint8_t>(nearest_reference(lab, references)));
            }
        }
    }
}

std::size_t ColorNamer::nearest(Color color) const {
    return table_[(five_bits(color.r) * 32 + five_bits(color.g)) * 32 + five_bits(color.b)];
}

std::vector<std::size_t> ColorCount::main_names() const {
    const auto weight = [this](std::size_t name) {
        return pixels_[name] * (is_neutral(name) ? 1 : 3);
    };
    std::array<std::size_t, kColorNames.size()> order{};
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, [&](auto a, auto b) { return weight(a) > weight(b); });
    if (5 * weight(order[1]) < 3 * weight(order[0])) return {order[0]};
    return {order[0], order[1]};
}

std::string ColorCount::phrase() const {
    const std::vector<std::size_t> names = main_names();
    std::string text(kColorNames[names[0]]);
    if (names.size() == 2) text.append(" and ").append(kColorNames[names[1]]);
    return text;
}

}  // namespace lip::demo
