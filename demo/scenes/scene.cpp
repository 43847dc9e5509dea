#include "scenes/scene.h"

#include "cli/error.h"
#include "record/keyed_rng.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace lip::demo {

using record::KeyedRng;
using record::Stream;

namespace {

constexpr double kMinVisible = 0.6;
constexpr double kMaxIou = 0.12;
constexpr double kMaxBeyondEdge = 0.06;  // of the sticker's side
constexpr double kMaxTurn = 25.0 / 180.0 * std::numbers::pi;

// Range of the longer side by number of stickers, as a fraction of the scene's side. Three of the
// largest fit side by side in two rows, so that a free place is always found after a few tries.
constexpr std::pair<double, double> kSides[] = {{0.35, 0.60}, {0.32, 0.48}, {0.29, 0.40}};

// Every 7th pixel tells the colours of a glyph well enough.
constexpr std::size_t kColorStride = 7;

// Places tried for one sticker before the whole scene starts anew, and how often it does. One start
// in a few fails; so many failures mean a glyph that is hardly there, such as a hairline.
constexpr int kTries = 40;
constexpr int kStarts = 1000;

// Backgrounds tried for one that shares no colour name with a sticker. With three stickers of many
// colours there may be none; then the last one stays.
constexpr int kBackgrounds = 30;

Placement random_placement(std::size_t count, int size, KeyedRng& rng) {
    Placement place;
    const auto [smallest, largest] = kSides[count - 1];
    place.side = size * rng.uniform(smallest, largest);
    const double margin = place.side * (0.5 - kMaxBeyondEdge);
    place.x = rng.uniform(margin, size - margin);
    place.y = rng.uniform(margin, size - margin);
    place.angle = rng.uniform(-kMaxTurn, kMaxTurn);
    place.brightness = rng.uniform(0.7, 1.2);
    return place;
}

// Is the last layer visible, and does it leave the others so?
bool fits(const std::vector<Layer>& layers) {
    const Layer& last = layers.back();
    if (last.box.empty()) return false;
    for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
        if (box_iou(layers[i].box, last.box) > kMaxIou) return false;
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (visible_fraction(layers, i) < kMinVisible) return false;
    }
    return true;
}

// A look at the centres alone, before anything is drawn: closer squares overlap too much.
bool is_apart(const Placement& place, const std::vector<Layer>& layers) {
    return std::ranges::all_of(layers, [&](const Layer& layer) {
        const Placement& other = layer.placement;
        const double distance = std::hypot(place.x - other.x, place.y - other.y);
        return distance >= 0.7 * 0.5 * (place.side + other.side);
    });
}

bool add_layer(const Glyph& glyph, std::size_t count, int size, KeyedRng& rng,
               std::vector<Layer>& layers) {
    for (int i = 0; i < kTries; ++i) {
        const Placement place = random_placement(count, size, rng);
        if (!is_apart(place, layers)) continue;
        layers.push_back(draw_sticker(glyph, place, size));
        if (fits(layers)) return true;
        layers.pop_back();
    }
    return false;
}

std::vector<Layer> place_stickers(const Stickers& stickers, const std::vector<std::size_t>& kinds,
                                  int size, KeyedRng& rng) {
    for (int start = 0; start < kStarts; ++start) {
        std::vector<Layer> layers;
        const bool done = std::ranges::all_of(kinds, [&](std::size_t kind) {
            return add_layer(stickers.glyphs[kind], kinds.size(), size, rng, layers);
        });
        if (done) return layers;
    }
    throw cli::DataError("no room found for a sticker of the kind \"" +
                         stickers.kinds[kinds.back()].name +
                         "\" or one beside it; take it out of the list of kinds");
}

std::vector<std::size_t> different_kinds(std::size_t count, std::size_t total, KeyedRng& rng) {
    std::vector<std::size_t> kinds;
    while (kinds.size() < count) {
        const auto kind = static_cast<std::size_t>(rng.below(total));
        if (std::ranges::find(kinds, kind) == kinds.end()) kinds.push_back(kind);
    }
    return kinds;
}

// Of the glyph itself: shrinking would make gray of black and white.
ColorCount count_colors(const Glyph& glyph, double brightness, const ColorNamer& namer) {
    const auto factor = static_cast<float>(brightness);
    ColorCount count;
    const std::vector<Rgba>& pixels = glyph.levels[0].pixels;
    for (std::size_t i = 0; i < pixels.size(); i += kColorStride) {
        const Rgba& p = pixels[i];
        if (p.a < 0.5F) continue;
        const float f = factor / p.a;
        count.add(namer.nearest({p.r * f, p.g * f, p.b * f}));
    }
    return count;
}

Background quiet_background(const std::vector<std::string_view>& used, KeyedRng& rng) {
    const auto is_used = [&](std::string_view name) {
        return std::ranges::find(used, name) != used.end();
    };
    Background background = choose_background(rng);
    for (int i = 1; i < kBackgrounds; ++i) {
        if (!is_used(background.basic1) && !is_used(background.basic2)) break;
        background = choose_background(rng);
    }
    return background;
}

std::uint8_t to_byte(float v) {
    return static_cast<std::uint8_t>(std::clamp(v, 0.0F, 1.0F) * 255.0F + 0.5F);
}

// Paints the layers over the background, later ones on top.
void compose(const std::vector<Layer>& layers, Scene& scene) {
    const std::vector<Color> background = render(scene.background, scene.size);
    for (std::size_t i = 0; i < background.size(); ++i) {
        Color color = background[i];
        std::uint8_t value = 0;
        for (std::size_t n = 0; n < layers.size(); ++n) {
            const Rgba& p = layers[n].pixels[i];
            color = {p.r + (1 - p.a) * color.r, p.g + (1 - p.a) * color.g,
                     p.b + (1 - p.a) * color.b};
            if (p.a >= 0.5F) value = static_cast<std::uint8_t>(scene.objects[n].kind + 1);
        }
        scene.mask.push_back(value);
        for (const float channel : {color.r, color.g, color.b}) {
            scene.rgb.push_back(to_byte(channel));
        }
    }
}

}  // namespace

Scene draw_scene(const Stickers& stickers, std::uint64_t seed, std::string_view key,
                 std::optional<std::size_t> only, int size) {
    const std::string name(key);
    KeyedRng rng(seed, 0, Stream::kAugmentation, name + "#stickers");
    const std::size_t count = only ? 1 : 1 + static_cast<std::size_t>(rng.below(3));
    const std::vector<std::size_t> kinds =
        only ? std::vector{*only} : different_kinds(count, stickers.kinds.size(), rng);

    const std::vector<Layer> layers = place_stickers(stickers, kinds, size, rng);
    Scene scene;
    scene.size = size;
    std::vector<std::string_view> used;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const Placement& place = layers[i].placement;
        const ColorCount colors =
            count_colors(stickers.glyphs[kinds[i]], place.brightness, stickers.colors);
        for (const std::size_t color : colors.main_names()) used.push_back(kColorNames[color]);
        scene.objects.push_back({kinds[i], colors.phrase(), layers[i].box, place.side / size});
    }
    KeyedRng background_rng(seed, 0, Stream::kAugmentation, name + "#background");
    scene.background = quiet_background(used, background_rng);
    compose(layers, scene);
    return scene;
}

}  // namespace lip::demo
