// Captions of a scene as web text and three captioning models would write them.
#pragma once

#include "scenes/kinds.h"
#include "scenes/scene.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lip::demo {

struct StyleCaptions {
    std::string short_text, long_text;
};

struct Captions {
    std::string raw;
    StyleCaptions instructblip, sharegpt4v, llava15;
};

// Every caption depends on (seed, key, its own style) and the scene alone; none is empty.
// With the faults of real ones: 20 % of the raw texts do not speak of the image, 4 % of the names
// are wrong, 10 % of the long captions stop in mid-sentence, 5 % are numbered lists.
Captions write_captions(const Scene& scene, std::span<const Kind> kinds, std::uint64_t seed,
                        std::string_view key);

// "a small red apple": size, colour and name of an object; always right.
std::string region_text(const SceneObject& object, std::span<const Kind> kinds);

}  // namespace lip::demo
