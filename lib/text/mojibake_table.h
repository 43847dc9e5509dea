// Which characters text is made of that was UTF-8 and was read as something else.
// scripts/make-text-tables writes mojibake_table.cpp. For mojibake.cpp and repair.cpp only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lip::text {

// The places of all suspicious sequences, one after the other, a bit each: a character's bits say
// at which places it may stand.
struct Places {
    std::uint64_t low, high;
};
extern const Places kBadStarts;      // first places
extern const Places kBadAnchored;    // first places of sequences that must begin the text
extern const Places kBadEnds;        // last places
extern const Places kBadOther;       // of a character without a class
extern const Places kBadOtherWord;   // of a letter, digit or '_' without a class
extern const Places kBadOtherSpace;  // of white space without a class

// What a character may be as a byte of UTF-8 that was read in a one-byte encoding.
enum Utf8Clue : std::uint8_t {
    kFirstOf2 = 1,
    kFirstOf3 = 2,
    kFirstOf4 = 4,
    kContinuation = 8,
    kStrictContinuation = 16,  // and hardly ever itself
};
struct MojibakeClass {
    Places places;
    std::uint8_t clues;
};
struct MojibakeRun {
    char32_t first, last;
    std::uint8_t index;  // of kMojibakeClasses
};
extern const MojibakeClass kMojibakeClasses[];
extern const std::size_t kMojibakeClassesSize;
extern const MojibakeRun kMojibakeRuns[];  // ascending, all of ASCII included
extern const std::size_t kMojibakeRunsSize;

// The one-byte encodings after Latin-1, in the order in which they are tried.
struct Charmap {
    bool is_sloppy;  // undefined bytes are those of Latin-1, byte 1A is U+FFFD
    bool is_macroman;
    char16_t upper_half[128];
};
extern const Charmap kCharmaps[];
extern const std::size_t kCharmapsSize;

// Full-width and half-width forms, as NFKC has them.
struct WidthForm {
    char32_t code, a, b;  // b is 0 for a single character
};
extern const WidthForm kWidthForms[];  // ascending
extern const std::size_t kWidthFormsSize;

}  // namespace lip::text
