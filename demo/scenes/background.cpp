#include "scenes/background.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <numbers>
#include <span>
#include <utility>

namespace lip::demo {

using record::KeyedRng;

namespace {

struct Paint {
    std::string_view name;
    float r, g, b;  // 0..255

    // The last word: "light blue" is a blue.
    std::string_view basic() const {
        const std::size_t space = name.rfind(' ');
        return space == std::string_view::npos ? name : name.substr(space + 1);
    }
};

constexpr Paint kPaints[] = {
    {"white", 246, 246, 244},   {"light gray", 205, 207, 210},  {"dark gray", 72, 74, 80},
    {"black", 22, 22, 26},      {"red", 206, 44, 48},           {"orange", 244, 150, 54},
    {"yellow", 250, 224, 92},   {"light green", 172, 224, 160}, {"green", 72, 164, 84},
    {"dark green", 28, 84, 52}, {"light blue", 168, 212, 242},  {"blue", 60, 118, 212},
    {"dark blue", 30, 42, 108}, {"purple", 128, 78, 168},       {"light purple", 206, 184, 236},
    {"pink", 250, 176, 202},    {"brown", 134, 90, 58},
};

// Sky and ground have their own colours: {c1} is the sky, {c2} the ground.
constexpr Paint kSkies[] = {{"light blue", 150, 204, 244}, {"blue", 84, 148, 228},
                            {"orange", 248, 160, 92},      {"pink", 246, 178, 196},
                            {"dark blue", 26, 36, 90},     {"gray", 168, 174, 182}};
constexpr Paint kGrounds[] = {{"green", 96, 170, 74},   {"dark green", 44, 100, 54},
                              {"brown", 138, 98, 66},   {"yellow", 232, 206, 126},
                              {"white", 240, 244, 250}, {"gray", 140, 140, 144}};

constexpr std::string_view kPlain =
    "[{a} [plain|solid|flat|simple] {c1} [background|backdrop]|{a} {c1} "
    "[background|backdrop|surface]|a [plain|flat] area of {c1}]";
constexpr std::string_view kGradient =
    "[a [vertical|smooth|soft] [gradient|fade] from {c1} [at the top |]to {c2}[ below|]|{a} {c1} "
    "to "
    "{c2} gradient|a backdrop that fades from {c1} to {c2}|{c1} fading into {c2}]";
constexpr std::string_view kStripes =
    "[{c1} and {c2} stripes|a striped {c1} and {c2} [background|pattern|backdrop]|a [pattern|row] "
    "of "
    "{c1} and {c2} stripes|a backdrop with {c1} and {c2} stripes]";
constexpr std::string_view kChecks =
    "[{a} {c1} and {c2} [checkered|checked] [pattern|background|backdrop]|a checkerboard of {c1} "
    "and "
    "{c2}|{c1} and {c2} [checks|squares]|a checkered {c1} and {c2} pattern]";
constexpr std::string_view kTexture =
    "[a [rough|grainy|mottled] {c1} [texture|surface|background]|a textured {c1} "
    "[background|backdrop]|{a} {c1} [grassy|furry|grass-like] [texture|surface]]";
constexpr std::string_view kLandscape =
    "[{a} {c1} sky [above|over] {c2} ground|{a} {c1} sky and {c2} ground|a landscape with {a} {c1} "
    "sky and {c2} ground|{c2} ground [under|below] {a} {c1} sky]";

// sRGB at a place of the scene, x and y in 0..1.
using PaintAt = std::function<Color(double x, double y)>;

const Paint& pick(std::span<const Paint> paints, KeyedRng& rng) {
    return paints[static_cast<std::size_t>(rng.below(paints.size()))];
}

// A second paint of another basic colour.
const Paint& pick_other(std::span<const Paint> paints, const Paint& first, KeyedRng& rng) {
    for (;;) {
        const Paint& second = pick(paints, rng);
        if (second.basic() != first.basic()) return second;
    }
}

Color mixed(const Color& a, const Color& b, double share) {
    const float t = static_cast<float>(std::clamp(share, 0.0, 1.0));
    return {a.r + t * (b.r - a.r), a.g + t * (b.g - a.g), a.b + t * (b.b - a.b)};
}

// The paint a little lighter, darker, or off its hue.
Color jittered(const Paint& paint, KeyedRng& rng) {
    const auto channel = [&rng](float v) {
        return std::clamp((v + static_cast<float>(rng.uniform(-9, 9))) / 255.0F, 0.0F, 1.0F);
    };
    const float r = channel(paint.r), g = channel(paint.g), b = channel(paint.b);
    return {r, g, b};
}

bool is_odd(double v) {
    return static_cast<long>(std::floor(v)) % 2 != 0;
}

PaintAt stripes(Color a, Color b, KeyedRng& rng) {
    constexpr double kAngles[] = {0, 0.5, 0.25, -0.25};  // upright, lying, two slopes; of pi
    const double angle = kAngles[rng.below(std::size(kAngles))] * std::numbers::pi;
    const double count = rng.uniform(4, 8), phase = rng.uniform(16, 18);
    return [=](double x, double y) {
        const double across = x * std::cos(angle) + y * std::sin(angle);
        return is_odd(across * count + phase) ? a : b;
    };
}

PaintAt checks(Color a, Color b, KeyedRng& rng) {
    const double count = rng.uniform(4, 8), dx = rng.uniform(0, 2), dy = rng.uniform(0, 2);
    return [=](double x, double y) {
        return is_odd(x * count + dx) != is_odd(y * count + dy) ? a : b;
    };
}

// Blades: cells taller than wide, each with its own lightness, columns shifted against each other.
PaintAt texture(Color base, KeyedRng& rng, double strength) {
    const std::uint64_t salt = rng.next();
    return [=](double x, double y) {
        const auto column = static_cast<std::uint64_t>(std::floor(x * 44));
        const double shift = static_cast<double>(record::mix64(salt ^ column) >> 11) * 0x1.0p-53;
        const auto row = static_cast<std::uint64_t>(std::floor(y * 15 + shift));
        const std::uint64_t bits = record::mix64(salt + column * 1000003 + row);
        const float light = static_cast<float>(
            1 + strength * (2 * static_cast<double>(bits >> 11) * 0x1.0p-53 - 1));
        return Color{std::min(base.r * light, 1.0F), std::min(base.g * light, 1.0F),
                     std::min(base.b * light, 1.0F)};
    };
}

PaintAt landscape(Color sky, Color ground, KeyedRng& rng) {
    const double horizon = rng.uniform(0.5, 0.78);
    const PaintAt earth = texture(ground, rng, 0.09);
    const Color haze = mixed(sky, {1, 1, 1}, 0.4);
    return [=](double x, double y) {
        return y < horizon ? mixed(sky, haze, y / horizon) : earth(x, y);
    };
}

Background named(std::string_view phrase, const Paint& one, const Paint* two, PaintAt paint) {
    if (two == nullptr) return {phrase, one.name, {}, one.basic(), {}, std::move(paint)};
    return {phrase, one.name, two->name, one.basic(), two->basic(), std::move(paint)};
}

}  // namespace

Background choose_background(KeyedRng& rng) {
    const std::uint64_t pattern = rng.below(6);
    const bool outdoors = pattern == 5;
    const Paint& one = pick(outdoors ? std::span<const Paint>(kSkies) : kPaints, rng);
    const Paint& two = pick_other(outdoors ? std::span<const Paint>(kGrounds) : kPaints, one, rng);
    const Color a = jittered(one, rng), b = jittered(two, rng);
    switch (pattern) {
        case 0:
            return named(kPlain, one, nullptr, [a](double, double) { return a; });
        case 1:
            return named(kGradient, one, &two, [a, b](double, double y) { return mixed(a, b, y); });
        case 2:
            return named(kStripes, one, &two, stripes(a, b, rng));
        case 3:
            return named(kChecks, one, &two, checks(a, b, rng));
        case 4:
            return named(kTexture, one, nullptr, texture(a, rng, 0.28));
        default:
            return named(kLandscape, one, &two, landscape(a, b, rng));
    }
}

std::vector<Color> render(const Background& background, int size) {
    std::vector<Color> pixels;
    pixels.reserve(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
    for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
            Color sum;
            for (const int sample : {0, 1, 2, 3}) {
                const Color c = background.paint((x + 0.25 + 0.5 * (sample % 2)) / size,
                                                 (y + 0.25 + 0.5 * (sample / 2)) / size);
                sum = {sum.r + 0.25F * c.r, sum.g + 0.25F * c.g, sum.b + 0.25F * c.b};
            }
            pixels.push_back(sum);
        }
    }
    return pixels;
}

}  // namespace lip::demo
