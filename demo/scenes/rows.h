// The lines that describe a scene in the lists of a split.
#pragma once

#include "scenes/captions.h"
#include "scenes/kinds.h"
#include "scenes/scene.h"

#include <span>
#include <string>
#include <string_view>

namespace lip::demo {

// Names the columns; ends with a line feed, as every row does.
extern const std::string_view kCsvHeader;

struct SceneFiles {
    std::string key;    // "train/0000012"
    std::string image;  // "images/train/0000012.jpg"
    std::string mask;   // empty if the split has no masks
};

// One row, RFC 4180: fields with a comma, quote or line break are quoted.
std::string csv_row(const SceneFiles& files, const Captions& captions);

// One JSON object. `label` is left out if empty. Names of files and kinds hold no character that
// JSON would have to escape.
std::string objects_row(const SceneFiles& files, const Scene& scene, std::span<const Kind> kinds,
                        std::string_view label);

}  // namespace lip::demo
