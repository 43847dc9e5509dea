#include "scenes/patterns.h"

namespace lip::demo {

namespace {

constexpr std::string_view kShortOne[] = {
    "{a} {color} {name} on {bg}",
    "{a} {size} {name} [is shown|is displayed] in the image",
    "{a} {color} {name} is {place}",
    "[a cartoon|an animated|a drawn] {name} with {bg} behind it",
    "the image features {a} {color} {name}",
    "{a} {name} [sticker|icon] on {bg}",
    "{a} {size} {color} {name} {place}",
};

constexpr std::string_view kShortTwo[] = {
    "{a} {name} and {a} {name2} on {bg}",
    "{a} {color} {name} is {rel} {a} {color2} {name2}",
    "the image features {a} {name} and {a} {name2}",
    "{a} {color} {name} and {a} {color2} {name2} are [shown|displayed] together",
    "{a} {size} {name} with {a} {size2} {name2} [nearby|close by]",
    "{a} {name} {place} and {a} {name2} {place2}",
};

constexpr std::string_view kOpening[] = {
    "the image features {a} {size} {color} {name} {place}",
    "the image features {a} {color} {name} [on|against] {bg}",
    "the image [displays|shows] {count} [cartoon sticker|sticker|icon]{s}, [including|with] {a} "
    "{name}",
    "the image features a [colorful|fun] scene with {a} {color} {name} as the [main focus|focal "
    "point]",
    "the image features a [drawing|cartoon] of {a} {name}, which is [mostly|primarily] {color}",
    "the scene features {a} {color} {name}, [located|positioned] {place}",
    "the image captures {a} {size} {name} on {bg}",
};

constexpr std::string_view kObject[] = {
    "{a} {color} {name} is [located|positioned|placed] {place}",
    "there is {a} {size} {color} {name} {place}",
    "{place}, there is {a} {color} {name}, which [appears|looks] {size}",
    "the {name} is {color} and is {place}",
    "one [noticeable|visible] {group} is {a} {color} {name} {place}",
    "the {size} {name} is [situated|placed] {place}, and its color is {color}",
    "{a} {color} {name} can be seen {place}, [taking up some of the space|filling part of the "
    "image]",
};

constexpr std::string_view kRelation[] = {
    "the {name} is positioned {rel} the {name2}",
    "in addition to the {name2}, there is {a} {color} {name} {rel} it",
    "{a} {color} {name} is {rel} the {color2} {name2}",
    "the {name2} is accompanied by {a} {size} {name}, which is {rel} it",
    "the {color} {name} and the {color2} {name2} are [close together|near each other], with the "
    "{name} {rel} the {name2}",
    "{rel} the {name2}, there is {a} {color} {name}",
};

constexpr std::string_view kBackground[] = {
    "the background of the image is {bg}",
    "the {name} is placed [on|against] {bg}",
    "the background [features|consists of] {bg}",
    "in the background, there is {bg}",
    "the scene is set against {bg}",
    "the [objects|stickers] are [displayed|shown] in front of {bg}",
};

constexpr std::string_view kClosing[] = {
    "the image has a [playful|fun|cheerful] mood",
    "the [overall|general] atmosphere of the image is [fun and playful|bright|lively]",
    "the [combination|arrangement] of these elements creates a [visually appealing|pleasant] scene",
    "the scene is [simple|minimal] and easy to recognize",
    "there are no other objects in the image",
    "the image has the look of a [sticker|cartoon|children's drawing]",
};

constexpr std::string_view kListIntro[] = {
    "the image features several elements, which include:",
    "the objects in the image include:",
    "the image shows the following:",
    "there are several things in the scene:",
    "the main elements of the image are:",
    "in the image, the following can be seen:",
};

}  // namespace

const Style kLlava15 = {kShortOne, kShortTwo,  kOpening, kObject, kRelation, kBackground,
                        kClosing,  kListIntro, true,     0.3,     2};

}  // namespace lip::demo
