// Which set of images a figure is of, whatever their order and however they are named.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lip::eval {

// The number in the name of an image: the last digits of a key or path before its extension, e.g.
// 391895 of "val2014/COCO_val2014_000000391895.jpg". Nothing where there are none, or over 18.
std::optional<std::int64_t> image_number(std::string_view key);

// 128 bits of XXH3 over the numbers of all images in ascending order, each followed by a newline:
// what `sort -n | xxh128sum` says of a list of ids. Nothing if an image has no number, two have the
// same, or there is no image.
std::optional<std::string> image_set_hash(std::span<const std::string> keys);

// The data set that has these numbers of images and captions; empty if none is known. COCO's two
// sets of 5,000 images differ in nothing else that a record shows: "coco-karpathy-test", of the
// pictures of 2014, has 25,010 captions, "coco-val2017" 25,014.
std::string_view image_set_by_counts(std::int64_t images, std::int64_t captions);

}  // namespace lip::eval
