// The sentences of the captioners, as patterns for grammar.h: data, one file a style.
//
// Slots of an object: {name} {color} {size} {place} {group}; of a second one the same with a 2
// ({name2} ...), and {rel}, where the first is as seen from it. Of the scene: {bg}, {count} and
// {s}, the plural's ending if there are several. {Name} begins with a capital.
#pragma once

#include <span>
#include <string_view>

namespace lip::demo {

using Patterns = std::span<const std::string_view>;

// How one captioner writes. A pattern is one sentence, or two where it says so much.
struct Style {
    Patterns short_one;   // names the main object
    Patterns short_two;   // names two
    Patterns opening;     // of a long caption
    Patterns object;      // a sentence for one object
    Patterns relation;    // one for two objects
    Patterns background;  // one for what is behind them
    Patterns closing;     // says nothing about this scene
    Patterns list_intro;  // ends where a numbered list begins
    bool capitals;        // short captions begin with a capital and end with a period
    double blank_line;    // chance that three spaces, once a blank line, stand between sentences
    int closings;         // most closing sentences
};

extern const Style kInstructBlip;
extern const Style kShareGpt4v;
extern const Style kLlava15;

// Alternative texts of web images: what they name, and what says nothing about the image.
extern const Patterns kRawNaming;
extern const Patterns kRawIrrelevant;

}  // namespace lip::demo
