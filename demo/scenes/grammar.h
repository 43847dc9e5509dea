// Sentences from patterns. In a pattern
//   [red|green|]   is one of the alternatives, each as likely as the others; they nest
//   {name}         is the slot's value, which is a pattern itself
//   {a}            is "a" or "an", whichever the next word asks for
//   {d}            is a decimal digit
// and everything else stands for itself.
#pragma once

#include "record/keyed_rng.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lip::demo {

struct Slot {
    std::string_view name;
    std::string value;
};
using Slots = std::vector<Slot>;

// Throws std::logic_error for an unknown slot or an unclosed bracket: patterns are our own text.
std::string expand(std::string_view pattern, const Slots& slots, record::KeyedRng& rng);

// The same for one of the patterns, each as likely. Requires: patterns is not empty.
std::string expand_one(std::span<const std::string_view> patterns, const Slots& slots,
                       record::KeyedRng& rng);

// The text with its first letter as a capital.
std::string capitalized(std::string text);

}  // namespace lip::demo
