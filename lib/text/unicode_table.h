// Data of the Unicode Character Database, version kUnicodeVersion; scripts/make-text-tables writes
// unicode_table.cpp. For unicode.cpp and normalise.cpp only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lip::text {

enum CodeFlag : std::uint8_t {
    kLetterFlag = 1,         // general category L*
    kNumberFlag = 2,         // N*
    kCasedFlag = 4,          // Cased
    kCaseIgnorableFlag = 8,  // Case_Ignorable
    kMayComposeFlag = 16,    // NFC_Quick_Check is not Yes
    kDecimalFlag = 32,       // Nd
    kCombiningFlag = 64,     // has a combining class; not in the table, see unicode.cpp
};
struct CodeFlags {
    char32_t first, last;
    std::uint8_t flags;
};
struct LowerRun {
    char32_t first, last;
    std::uint8_t step;  // 1: all characters of the run, 2: every other
    std::int32_t offset;
};
struct CombiningRun {
    char32_t first, last;
    std::uint8_t combining_class;
};
struct Decomposition {
    char32_t code, a, b;  // b is 0 for a single character
    std::uint8_t composes;
};

extern const char kUnicodeVersion[];
// All ascending.
extern const CodeFlags kCodeFlags[];
extern const std::size_t kCodeFlagsSize;
extern const LowerRun kLowerRuns[];
extern const std::size_t kLowerRunsSize;
extern const CombiningRun kCombiningRuns[];
extern const std::size_t kCombiningRunsSize;
extern const Decomposition kDecompositions[];  // canonical ones, one step
extern const std::size_t kDecompositionsSize;

}  // namespace lip::text
