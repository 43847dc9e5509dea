#include "scenes/captions.h"

#include "record/keyed_rng.h"
#include "scenes/grammar.h"
#include "scenes/patterns.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace lip::demo {

using record::KeyedRng;
using record::Stream;

namespace {

constexpr double kIrrelevantRaw = 0.20;
constexpr double kWrongName = 0.04;
constexpr double kTruncated = 0.10;
constexpr double kList = 0.05;
constexpr double kRelation = 0.7;
constexpr double kBackgroundSentence = 0.9;
constexpr double kBackgroundFirst = 0.25;
constexpr double kClosingSentence = 0.6;  // each of a style's possible ones

constexpr double kLarge = 0.46, kMedium = 0.37;  // sides from which a sticker is called so
constexpr double kLow = 0.41, kHigh = 0.59;      // centres between these are in the middle

// Rows top, middle, bottom; columns left, middle, right.
constexpr std::string_view kPlaces[3][3] = {
    {"[in the [top|upper] left [corner|part]|at the top left|in the upper left|near the top left "
     "corner][ of the [image|picture|frame]|]",
     "[at the top|near the top edge|in the upper part|at the top center][ of the "
     "[image|picture|frame]|]",
     "[in the [top|upper] right [corner|part]|at the top right|in the upper right|near the top "
     "right corner][ of the [image|picture|frame]|]"},
    {"[on the left side|on the left|near the left edge|at the center left][ of the "
     "[image|picture|frame]|]",
     "[in the [center|middle]|right in the middle|near the center|at the center][ of the "
     "[image|picture|frame]|]",
     "[on the right side|on the right|near the right edge|at the center right][ of the "
     "[image|picture|frame]|]"},
    {"[in the [bottom|lower] left [corner|part]|at the bottom left|in the lower left|near the "
     "bottom left corner][ of the [image|picture|frame]|]",
     "[at the bottom|near the bottom edge|in the lower part|at the bottom center][ of the "
     "[image|picture|frame]|]",
     "[in the [bottom|lower] right [corner|part]|at the bottom right|in the lower right|near the "
     "bottom right corner][ of the [image|picture|frame]|]"},
};

constexpr std::string_view kListItems[] = {
    "{a} {size} {color} {name} {place}",     "{a} {color} {name} {place}",
    "{a} {size} {name} in {color}, {place}", "the {color} {name}, {place}",
    "{name}: {color} and {size}, {place}",   "one {color} {name}, {size}, {place}",
};

// An object as one caption sees it: the name may be a wrong one.
struct View {
    const Kind* kind;
    const SceneObject* object;
    double x, y;  // centre of the box, 0..1
};

struct Teller {
    const Scene& scene;
    std::span<const Kind> kinds;
    KeyedRng rng;
    std::vector<View> views;  // largest first
    Slots scene_slots;

    bool chance(double p) { return rng.uniform() < p; }
};

std::string_view size_word(double side) {
    if (side >= kLarge) return "[large|big]";
    return side >= kMedium ? "[medium-sized|mid-sized]" : "[small|little|tiny]";
}

int third(double v) {
    return v < kLow ? 0 : v > kHigh ? 2 : 1;
}

// Where a is, as seen from b: along the axis on which they are further apart.
std::string_view relation(const View& a, const View& b) {
    if (std::abs(a.x - b.x) > std::abs(a.y - b.y)) {
        return a.x < b.x ? "[to the left of|on the left side of|left of]"
                         : "[to the right of|on the right side of|right of]";
    }
    return a.y < b.y ? "[above|directly above|over]" : "[below|directly below|beneath|under]";
}

View view_of(const SceneObject& object, Teller& teller) {
    std::size_t kind = object.kind;
    if (teller.chance(kWrongName)) {
        const std::size_t others = teller.kinds.size() - 1;
        kind = (kind + 1 + static_cast<std::size_t>(teller.rng.below(others))) % (others + 1);
    }
    const double twice = 2.0 * teller.scene.size;
    return {&teller.kinds[kind], &object, (object.box.x0 + object.box.x1) / twice,
            (object.box.y0 + object.box.y1) / twice};
}

Teller make_teller(const Scene& scene, std::span<const Kind> kinds, std::uint64_t seed,
                   std::string_view key, std::string_view style) {
    std::string purpose(key);
    purpose.append("#").append(style);
    Teller teller{scene, kinds, KeyedRng(seed, 0, Stream::kSubCaptions, purpose), {}, {}};
    for (const SceneObject& object : scene.objects) teller.views.push_back(view_of(object, teller));
    std::ranges::stable_sort(
        teller.views, [](const View& a, const View& b) { return a.object->side > b.object->side; });
    const std::size_t count = teller.views.size();
    const Background& background = scene.background;
    teller.scene_slots = {
        {"bg", std::string(background.phrase)},
        {"c1", std::string(background.color1)},
        {"c2", std::string(background.color2)},
        {"count", count == 1   ? "[a single|one|{a}]"
                  : count == 2 ? "[two|a pair of]"
                               : "three"},
        {"s", count == 1 ? "" : "s"},
    };
    return teller;
}

void add_slots(const View& view, const std::string_view (&names)[5], Slots& slots) {
    slots.push_back({names[0], view.kind->name});
    slots.push_back({names[1], view.object->color});
    slots.push_back({names[2], std::string(size_word(view.object->side))});
    slots.push_back({names[3], std::string(kPlaces[third(view.y)][third(view.x)])});
    slots.push_back({names[4], std::string(view.kind->group)});
}

Slots slots_of(const Teller& teller, const View& view) {
    Slots slots = teller.scene_slots;
    add_slots(view, {"name", "color", "size", "place", "group"}, slots);
    slots.push_back({"Name", capitalized(view.kind->name)});
    return slots;
}

Slots slots_of(const Teller& teller, const View& view, const View& other) {
    Slots slots = slots_of(teller, view);
    add_slots(other, {"name2", "color2", "size2", "place2", "group2"}, slots);
    slots.push_back({"rel", std::string(relation(view, other))});
    return slots;
}

std::string short_caption(const Style& style, Teller& teller) {
    const std::vector<View>& views = teller.views;
    const bool two = views.size() > 1 && teller.chance(0.75);
    std::string text =
        two ? expand_one(style.short_two, slots_of(teller, views[0], views[1]), teller.rng)
            : expand_one(style.short_one, slots_of(teller, views[0]), teller.rng);
    return style.capitals ? capitalized(std::move(text)) + "." : text;
}

std::vector<std::string> sentences(const Style& style, Teller& teller) {
    const std::vector<View>& views = teller.views;
    const Slots main = slots_of(teller, views[0]);
    std::vector<std::string> out = {expand_one(style.opening, main, teller.rng)};
    for (const View& view : views) {
        out.push_back(expand_one(style.object, slots_of(teller, view), teller.rng));
    }
    if (views.size() > 1 && teller.chance(kRelation)) {
        const std::size_t other = 1 + static_cast<std::size_t>(teller.rng.below(views.size() - 1));
        const bool swap = teller.chance(0.5);
        const View &a = views[swap ? other : 0], &b = views[swap ? 0 : other];
        out.push_back(expand_one(style.relation, slots_of(teller, a, b), teller.rng));
    }
    if (teller.chance(kBackgroundSentence)) {
        const auto place = teller.chance(kBackgroundFirst) ? out.begin() + 1 : out.end();
        out.insert(place, expand_one(style.background, main, teller.rng));
    }
    for (int i = 0; i < style.closings; ++i) {
        if (!teller.chance(kClosingSentence)) continue;
        std::string closing = expand_one(style.closing, main, teller.rng);
        if (std::ranges::find(out, closing) == out.end()) out.push_back(std::move(closing));
    }
    for (std::string& sentence : out) sentence = capitalized(std::move(sentence)) + ".";
    return out;
}

std::vector<std::string> list_items(const Style& style, Teller& teller) {
    std::vector<std::string> out = {
        capitalized(expand_one(style.list_intro, teller.scene_slots, teller.rng))};
    const bool periods = teller.chance(0.5);
    std::size_t number = 1;
    const auto add = [&](const std::string& item) {
        out.push_back(std::to_string(number++) + ". " + item + (periods ? "." : ""));
    };
    for (const View& view : teller.views) {
        add(expand_one(kListItems, slots_of(teller, view), teller.rng));
    }
    add(expand("[{bg}|{bg} behind it all|background: {bg}]", teller.scene_slots, teller.rng));
    return out;
}

// Cuts where a token limit would: between two words in the second half, never after a sentence.
std::string cut_off(const std::string& text, KeyedRng& rng) {
    std::vector<std::size_t> places;
    for (std::size_t i = text.size() / 2; i + 1 < text.size(); ++i) {
        constexpr std::string_view kNoEnd = ".:,! \"";
        if (text[i] == ' ' && kNoEnd.find(text[i - 1]) == kNoEnd.npos) places.push_back(i);
    }
    if (places.empty()) return text;
    return text.substr(0, places[static_cast<std::size_t>(rng.below(places.size()))]);
}

std::string long_caption(const Style& style, Teller& teller) {
    const bool list = teller.chance(kList);
    const std::vector<std::string> parts =
        list ? list_items(style, teller) : sentences(style, teller);
    std::string text = parts[0];
    for (std::size_t i = 1; i < parts.size(); ++i) {
        text += !list && teller.chance(style.blank_line) ? "   " : " ";
        text += parts[i];
    }
    return teller.chance(kTruncated) ? cut_off(text, teller.rng) : text;
}

std::string raw_caption(Teller teller) {
    if (teller.chance(kIrrelevantRaw)) return expand_one(kRawIrrelevant, {}, teller.rng);
    const auto index = static_cast<std::size_t>(teller.rng.below(teller.views.size()));
    return expand_one(kRawNaming, slots_of(teller, teller.views[index]), teller.rng);
}

StyleCaptions style_captions(const Style& style, Teller teller) {
    std::string short_text = short_caption(style, teller);
    return {std::move(short_text), long_caption(style, teller)};
}

}  // namespace

Captions write_captions(const Scene& scene, std::span<const Kind> kinds, std::uint64_t seed,
                        std::string_view key) {
    const auto teller = [&](std::string_view style) {
        return make_teller(scene, kinds, seed, key, style);
    };
    return {raw_caption(teller("raw")), style_captions(kInstructBlip, teller("instructblip")),
            style_captions(kShareGpt4v, teller("sharegpt4v")),
            style_captions(kLlava15, teller("llava15"))};
}

std::string region_text(const SceneObject& object, std::span<const Kind> kinds) {
    const std::string_view size = object.side >= kLarge    ? "large"
                                  : object.side >= kMedium ? "medium-sized"
                                                           : "small";
    std::string text = "a ";
    text.append(size).append(" ").append(object.color).append(" ").append(kinds[object.kind].name);
    return text;
}

}  // namespace lip::demo
