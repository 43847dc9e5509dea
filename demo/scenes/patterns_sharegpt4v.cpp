#include "scenes/patterns.h"

namespace lip::demo {

namespace {

constexpr std::string_view kShortOne[] = {
    "{a} {color} {name} [rests|sits|stands out] against {bg}",
    "[a charming|a vivid|a playful|a crisp] illustration of {a} {color} {name} {place}",
    "{a} {size} {name} in {color} [appears|is depicted] on {bg}",
    "against {bg}, {a} {color} {name} takes center stage",
    "{a} {size} {color} {name} [is captured|is set] {place}",
    "this image [presents|captures] {a} {name} with [|distinct ]{color} tones",
    "{a} digital sticker of {a} {color} {name} is shown over {bg}",
};

constexpr std::string_view kShortTwo[] = {
    "{a} {color} {name} and {a} {color2} {name2} share a scene with {bg}",
    "{a} {name} [rests|is positioned] {rel} {a} {color2} {name2}",
    "a [playful|lively|cheerful] composition of {a} {color} {name} and {a} {name2}",
    "against {bg}, {a} {name} appears together with {a} {name2}",
    "{a} {color} {name} [accompanies|is paired with] {a} {size2} {name2}",
    "two colorful stickers show {a} {name} {place} and {a} {name2} {place2}",
};

constexpr std::string_view kOpening[] = {
    "this image [captures|presents] a [playful|whimsical|vibrant] scene with {count} "
    "[sticker|digital "
    "illustration]{s}",
    "in the [heart|midst] of a small digital scene, {a} {color} {name} [draws the eye|commands "
    "attention]",
    "the image presents {a} {size} {color} {name}, [situated|resting] {place}",
    "the image is a [charming|lively|delightful] digital composition, set against {bg}",
    "this [vivid|delightful] picture [showcases|features] {a} {color} {name} as its [main|central] "
    "{group}",
    "the scene [unfolds|is set] against {bg}, where {a} {name} can be found",
    "a [bright|cheerful] \"sticker book\" look [defines|shapes] this image of {a} {name}",
};

constexpr std::string_view kObject[] = {
    "{a} {size} {name}, [painted|rendered|drawn] in [shades|tones] of {color}, [rests|is placed] "
    "{place}",
    "{place}, {a} {color} {name} [adds a touch of color|catches the eye|makes its presence known]",
    "the {name}, {color} in color and {size} in size, [is situated|can be found] {place}",
    "[occupying|taking up] space {place}, the {color} {name} is {a} {size} {group}",
    "a [vivid|striking|cheerful] {color} {name} [graces the scene|appears|is nestled] {place}",
    "the viewer's eye is drawn to {a} {color} {name} {place}",
    "{place}, one can spot {a} {size} {group}: {a} {color} {name}",
    "the {color} hue of the {name} [stands out|contrasts with its surroundings] {place}",
};

constexpr std::string_view kRelation[] = {
    "the {color} {name} is [situated|positioned] {rel} the {color2} {name2}, creating a sense of "
    "[balance|order]",
    "{rel} the {name2}, the {color} {name} [finds its place|completes the group]",
    "in relation to the {size2} {name2}, the {name} is {rel} it",
    "the {name} and the {name2} [share the frame|form a pair], with the {name} {rel} the {name2}",
    "the {size} {color} {name} [lies|rests] {rel} the {size2} {color2} {name2}",
    "just {rel} the {color2} {name2}, {a} {color} {name} [can be observed|is visible]",
};

constexpr std::string_view kBackground[] = {
    "the background is {bg}, which [sets off|highlights|frames] the [stickers|{name}]",
    "the backdrop, {bg}, [lends depth to|completes|brightens] the scene",
    "behind the {name}, {bg} [fills the frame|stretches across the frame]",
    "{bg} [serves as|forms] the [setting|stage] for the [scene|composition]",
    "all of this is set against {bg}",
    "the [whole scene|composition] rests on {bg}, giving it a [clean|distinct] look",
};

constexpr std::string_view kClosing[] = {
    "the image has a [playful|light-hearted|cheerful] mood",
    "the [overall|general] composition is [simple yet engaging|balanced and pleasant]",
    "the [style|art style] is reminiscent of [stickers|emoji|picture books for children]",
    "no text is [visible|discernible] in the image",
    "the relative positions of the objects [suggest|create] a [calm|dynamic] arrangement",
    "the [crisp lines|soft edges] and [bright|bold] colors [create|evoke] a sense of [joy|fun]",
    "every element seems to have been placed with care",
};

constexpr std::string_view kListIntro[] = {
    "this image presents a small scene with the following elements:",
    "the composition can be broken down as follows:",
    "the image captures several elements:",
    "the key elements of this picture include:",
    "the scene is made up of these parts:",
    "from front to back, the image holds:",
};

}  // namespace

const Style kShareGpt4v = {kShortOne, kShortTwo,  kOpening, kObject, kRelation, kBackground,
                           kClosing,  kListIntro, true,     0.1,     3};

}  // namespace lip::demo
