// The kinds of things that stickers show: where their picture is, and the plain name.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lip::demo {

// Fewest and most kinds: a scene needs three and a wrong name, a mask has 8 bits and 0 is
// background.
inline constexpr std::size_t kMinKinds = 4;
inline constexpr std::size_t kMaxKinds = 255;

struct Kind {
    char32_t code_point = 0;  // of an emoji font, or
    std::string picture;      // a PNG file below the folder of pictures
    std::string name;         // as captions say it: lower-case words, "elephant"
    std::string_view group;   // a general word for it, "animal"; a string literal
};

// Makes a kind of the two fields of a line; throws DataError for what it cannot use.
using MakeKind = std::function<Kind(const std::string& source, const std::string& name)>;

// Reads a list of kinds, a line each: source, TAB, plain name. `source` is what messages call the
// first field. Throws DataError with file and line if the file cannot be read, a line is not of
// that form, a name or picture occurs twice, the number of kinds is out of bounds, or from
// make_kind.
std::vector<Kind> read_kinds(const std::filesystem::path& kinds_file, std::string_view source,
                             const MakeKind& make_kind);

// The word of the first prefix that `place` begins with, else "object".
using GroupWord = std::pair<std::string_view, std::string_view>;
std::string_view group_word(std::span<const GroupWord> words, std::string_view place);

// Kinds of an emoji font: the sources are code points in hexadecimal, each looked up in
// `names_file` (Unicode's emoji-test.txt), which gives the group. Throws DataError as read_kinds()
// does, or if names_file does not list the code point alone as fully-qualified under a name that
// holds the plain one.
std::vector<Kind> load_kinds(const std::filesystem::path& kinds_file,
                             const std::filesystem::path& names_file);

}  // namespace lip::demo
