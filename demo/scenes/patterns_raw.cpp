#include "scenes/patterns.h"

namespace lip::demo {

namespace {

constexpr std::string_view kNaming[] = {
    "[cute|funny|little|pretty|cool] {name} sticker",
    "{name} [clip art|clipart|icon|emoji|vector|illustration]",
    "{color} {name} [icon|sticker|graphic|cartoon]",
    "[free|royalty free|stock] {name} [image|picture|vector|graphic][ download| # {d}{d}{d}|]",
    "cartoon {name} [isolated|on background|for kids|wall decal]",
    "the {name} - [part {d}|no. {d}|my collection|stickers]",
    "[my|our|the] favorite {name}[!| :)|...]",
    "{name} [party invitation|birthday card|phone case|t-shirt|mug|magnet set] design",
    "[draw|how to draw|learn to draw] {a} {name} [step by step|for beginners|easy]",
    "{Name} [Sticker|Emoji|Icon|Print] [by|from] the [studio|sticker shop|art club]",
    "{color} {name} by the [lake|window|road|house], [spring|summer|winter] {d}{d}",
    "{a} {name} [and friends|in the morning|having a good day]",
};

constexpr std::string_view kIrrelevant[] = {
    "[IMG_|DSC0|P10{d}0|image-]{d}{d}{d}{d}.[JPG|jpg|png]",
    "[free shipping|save {d}0%|sale ends soon] on [all orders|selected items|orders over # "
    "dollars]",
    "[uploaded|posted|photo taken] on [1|2|][3|5|8] [March|June|October|December] 20[0|1]{d}",
    "[click to enlarge|view full size|image not available|see more pictures here]",
    "[Screenshot|screen shot] 201{d}-[03|05|08|11]-1{d} at [2|4|7|9].[0|1|3|5]{d} [PM|AM]",
    "[new arrivals|back in stock|buy one get one free|add to cart][!|| - item {d}{d}{d}{d}]",
    "[untitled|thumbnail|banner_{d}|header image|slide {d} of 1{d}]",
    "[www.example.com|visit our shop at www.example.com|photo courtesy of example.org]",
    "[pack of 1{d}|set of 1{d}|size 3{d} cm|2{d} pieces], [ships worldwide|as new|used, good "
    "condition]",
};

}  // namespace

const Patterns kRawNaming = kNaming;
const Patterns kRawIrrelevant = kIrrelevant;

}  // namespace lip::demo
