// The demo data set: scenes of colour stickers with captions, boxes and masks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>

namespace lip::demo {

// Keys have seven digits; the sides are what a sticker of 29 % can be seen at and a font is good
// for.
inline constexpr std::size_t kMaxScenes = 9'999'999;
inline constexpr int kMinSize = 24, kMaxSize = 1024;
inline constexpr int kMaxThreads = 256;

// Settings of make-scenes. The values here are the defaults; help prints them from here.
struct SceneSet {
    std::filesystem::path out;
    std::size_t train = 24'000;
    std::size_t test = 1'000;
    std::size_t single = 1'000;  // one sticker each, the kinds in turn; for classification
    std::uint64_t seed = 1;
    int size = 48;    // pixels a side
    int threads = 0;  // 0: one a processor
    std::filesystem::path kinds = "demo/kinds.txt";
    std::filesystem::path pictures;  // empty: the stickers are glyphs of the font
    std::filesystem::path font = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf";
    std::filesystem::path names = "/usr/share/unicode/emoji/emoji-test.txt";
};

// Called now and then from the calling thread: scenes done, scenes in all.
using Progress = std::function<void(std::size_t done, std::size_t total)>;

// Writes below set.out, of the splits train, test and single:
//   images/SPLIT/0000012.jpg    masks/SPLIT/0000012.png (not of train)
//   SPLIT.csv                   the eight columns of a caption release, RFC 4180
//   SPLIT.objects.jsonl         key, image, size, boxes with texts; label (single), mask
//   classes.txt                 the names of the kinds, one a line; line n is value n of the masks
// The same bytes for the same settings, whatever `threads` is. Existing files are replaced; a list
// takes its name last, when its images are there. Throws DataError if an input is unusable or
// something cannot be written. Requires: the bounds above.
void generate(const SceneSet& set, const Progress& progress);

}  // namespace lip::demo
