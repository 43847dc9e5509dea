// What is known of a method before anything is computed.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace lip::train {

struct MethodFacts {
    std::string_view name;
    std::string_view summary;
    std::int64_t texts_per_image = 1;  // defaults of the method
    bool many_texts = false;           // takes more than one text an image
    bool sentences = false;
    bool regions = false;  // and boxes
};

inline constexpr MethodFacts kMethodFacts[] = {
    {.name = "clip", .summary = "one text an image, symmetric contrastive loss"},
    {.name = "siglip", .summary = "one text an image, sigmoid loss over all pairs"},
    {.name = "dreamlip",
     .summary = "K sub-captions an image, multi-positive contrastive loss, and of patches",
     .texts_per_image = 8,
     .many_texts = true,
     .sentences = true},
    {.name = "llip",
     .summary = "K mixture tokens an image, mixed anew for every text, sigmoid loss over all pairs",
     .many_texts = true},
    {.name = "cloc",
     .summary = "as clip, and boxes: region and phrase, phrase and box",
     .regions = true},
    {.name = "flair",
     .summary =
         "K sub-captions an image, each asks the patches; sigmoid loss of that and of images",
     .texts_per_image = 8,
     .many_texts = true,
     .sentences = true},
};

// Throws UsageError for an unknown name.
const MethodFacts& method_facts(std::string_view name);

}  // namespace lip::train
