// Words whose period does not end a sentence, and what they do to the decision at that period.
// The built-in lists are the table abbreviations.cpp; a user's list adds to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace lip::text {

// A set of roles; a word can have several ("ft." is a unit, "Ft." stands before a place).
enum Role : std::uint16_t {
    kTitle = 1 << 0,      // Mr. Dr. vs.: never a border
    kNumber = 1 << 1,     // No. p. Fig.: no border before a number or a single letter
    kUnit = 1 << 2,       // in. oz.: after a number they are like kPlace
    kPlace = 1 << 3,      // Co. Jr. St.: a border only before a capitalised sentence starter
    kLoose = 1 << 4,      // etc.: a border unless a lower-case word follows
    kTime = 1 << 5,       // a.m. p.m.
    kStarter = 1 << 6,    // the, this, two, what: words that open sentences
    kOpening = 1 << 7,    // at, around, Monday: words of a phrase such as "At 8 a.m."
    kAfterTime = 1 << 8,  // EST, Eastern: capitalised, yet they continue a time
    kBangName = 1 << 9,   // Yahoo! Jeopardy!: the mark belongs to the name
};
using Roles = std::uint16_t;

// One built-in list. Words stand without their last period, one space between two. A word in
// lower case is met in any case; one with a capital only when the text has its first letter so.
struct AbbreviationList {
    Role role;
    std::string_view words;
};

std::span<const AbbreviationList> builtin_abbreviation_lists();

// Immutable after it is made: any thread may ask.
class Abbreviations {
public:
    static constexpr std::size_t kMaxWord = 24;  // bytes; longer words are never found

    static Abbreviations builtin();

    // builtin() and the words of a file: one a line, with or without its last period; '#' begins a
    // comment. A word that ends in '!' becomes a name with that mark, any other is like "Co.":
    // a border follows only before a capitalised sentence starter. Throws lip::cli::DataError if
    // the file cannot be read or a line is not one word of at most kMaxWord bytes.
    static Abbreviations with_file(const std::filesystem::path& path);

    // The roles of a word without its last period, 0 if it has none.
    Roles roles(std::string_view word) const;

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const {
            return std::hash<std::string_view>{}(s);
        }
    };
    struct Entry {
        Roles any_case = 0;
        Roles capitalised = 0;
    };

    void add(std::string_view word, Role role);

    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> words_;  // keys in lower case
};

}  // namespace lip::text
