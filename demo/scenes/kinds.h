// The kinds of things that stickers show: a code point of the emoji font and its plain name.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lip::demo {

// Fewest and most kinds: a scene needs three and a wrong name, a mask has 8 bits and 0 is
// background.
inline constexpr std::size_t kMinKinds = 4;
inline constexpr std::size_t kMaxKinds = 255;

struct Kind {
    char32_t code_point = 0;
    std::string name;        // as captions say it: lower-case words, "elephant"
    std::string_view group;  // a general word for it, "animal"; a string literal
};

// Reads `kinds_file` (a line each: code point in hexadecimal, TAB, plain name) and looks every code
// point up in `names_file` (Unicode's emoji-test.txt), which gives the group.
// Throws DataError with file and line if a file cannot be read, a line is not of that form, a name
// or code point occurs twice, the number of kinds is out of bounds, or names_file does not list the
// code point alone as fully-qualified under a name that holds the plain one.
std::vector<Kind> load_kinds(const std::filesystem::path& kinds_file,
                             const std::filesystem::path& names_file);

}  // namespace lip::demo
