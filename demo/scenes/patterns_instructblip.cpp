#include "scenes/patterns.h"

namespace lip::demo {

namespace {

constexpr std::string_view kShortOne[] = {
    "{a} {color} {name} [on|against] {bg}",
    "{a} {name} in front of {bg}",
    "[an image|a picture|a drawing] of {a} {color} {name}",
    "{a} {size} {color} {name}",
    "a cartoon {name} [on|with] {bg}",
    "[a sticker|an icon|an emoji] of {a} {name} {place}",
    "{a} {color} {name} {place}",
    "there is {a} {name}[| in the picture| in this image]",
};

constexpr std::string_view kShortTwo[] = {
    "{a} {name} and {a} {name2}",
    "{a} {color} {name} and {a} {color2} {name2}",
    "{a} {color} {name} {rel} {a} {color2} {name2}",
    "{a} {name} next to {a} {name2} on {bg}",
    "[an image|a picture] with {a} {name} and {a} {name2}",
    "{a} {color} {name} with {a} {name2} [nearby|beside it|in the same picture]",
    "two stickers, {a} {name} and {a} {name2}",
};

constexpr std::string_view kOpening[] = {
    "the image [features|shows|depicts] {count} [sticker|icon|cartoon object]{s}[| in a small "
    "scene]",
    "in the image, {a} {color} {name} [can be seen|is visible|is shown]",
    "the image is a [colorful|simple|cheerful] [illustration|drawing] with {a} {name}",
    "this is [an image|a picture] of {a} {name} on {bg}",
    "in the image, there is {a} {size} {color} {name} {place}",
    "the [picture|image] [contains|includes] {a} {color} {name}, drawn as {a} {group}",
    "{a} {color} {name} is the [main|most noticeable] {group} in the image",
};

constexpr std::string_view kObject[] = {
    "there is {a} {size} {color} {name} {place}",
    "{a} {color} {name} is [located|placed|positioned] {place}",
    "{place}, {a} {size} {name} can be seen, and it is mostly {color}",
    "the {name} is {color} and [sits|is] {place}",
    "{a} {size} {group}, {a} {color} {name}, [is|can be found] {place}",
    "the {color} {name} [appears|is visible] {place} and looks {size}",
    "{a} {name} in {color} [is drawn|stands] {place}",
};

constexpr std::string_view kRelation[] = {
    "the {name} is {rel} the {name2}",
    "{a} {color} {name} can be seen {rel} {a} {color2} {name2}",
    "there is {a} {name} {rel} the {name2}",
    "the {color} {name} is positioned {rel} the {color2} {name2}",
    "next to the {name2}, there is {a} {color} {name}, which is {rel} it",
    "the {color2} {name2} has {a} {name} {rel} it",
};

constexpr std::string_view kBackground[] = {
    "the background is {bg}",
    "the [scene|picture] is set against {bg}",
    "behind [it|the {name}|everything], there is {bg}",
    "{bg} can be seen in the background",
    "the {name} is placed [on|against] {bg}",
    "the image has {bg} behind the [objects|stickers|{name}]",
};

constexpr std::string_view kClosing[] = {
    "the image has a [playful|cheerful|simple] mood",
    "overall, the image is [colorful and fun|bright and simple|cute]",
    "the image could be used [as a sticker|in a children's book|for a game]",
    "it looks like a [cartoon|sticker|small icon]",
    "there are no people in the image",
    "the style of the image is [flat|simple|cartoon-like]",
};

constexpr std::string_view kListIntro[] = {
    "the image contains the following objects:",
    "in the image, there are several things:",
    "the picture includes:",
    "objects in the image:",
    "the image can be described as follows:",
    "the scene consists of",
};

}  // namespace

const Style kInstructBlip = {kShortOne, kShortTwo,  kOpening, kObject, kRelation, kBackground,
                             kClosing,  kListIntro, false,    0.35,    1};

}  // namespace lip::demo
