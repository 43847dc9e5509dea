// How a box of an image gets a vector.
#pragma once

namespace lip::eval {

// Asked of the model's Prompter; the mean of the patches under it; of the box cut out as an image
// of its own. kAuto: the Prompter if the model has one, else crops.
enum class RegionMode { kAuto, kPrompter, kRoi, kCrop };

}  // namespace lip::eval
