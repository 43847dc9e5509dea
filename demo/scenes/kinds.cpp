#include "scenes/kinds.h"

#include "cli/error.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <utility>

namespace lip::demo {

using cli::DataError;

namespace {

constexpr std::size_t kMaxNameBytes = 40;

// The general word of a subgroup of emoji-test.txt; the first prefix that fits counts.
constexpr GroupWord kGroupWords[] = {
    {"animal-bird", "bird"}, {"animal-", "animal"},           {"food-marine", "sea animal"},
    {"food-fruit", "fruit"}, {"food-vegetable", "vegetable"}, {"food-", "snack"},
    {"plant-", "plant"},     {"transport-", "vehicle"},       {"musical-instrument", "instrument"},
    {"tool", "tool"},
};

struct EmojiEntry {
    std::string name;
    std::string_view group;
};

std::ifstream open_text(const std::filesystem::path& path, std::string_view remedy) {
    std::ifstream in(path);
    if (!in) throw DataError(path.string() + ": cannot be opened; " + std::string(remedy));
    return in;
}

std::optional<char32_t> parse_code_point(std::string_view hex) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
    if (error != std::errc() || end != hex.data() + hex.size() || value > 0x10FFFF) return {};
    return static_cast<char32_t>(value);
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \r") - first + 1);
}

// Fully-qualified sequences of one code point. A line: "1F418  ; fully-qualified  # X E0.6
// elephant".
std::map<char32_t, EmojiEntry> read_names(const std::filesystem::path& path) {
    constexpr std::string_view kSubgroup = "# subgroup: ";
    std::ifstream in = open_text(path, "install the package unicode-data or name it with --names");
    std::map<char32_t, EmojiEntry> entries;
    std::string_view group = "object";
    for (std::string line; std::getline(in, line);) {
        const std::string_view text = line;
        if (text.starts_with(kSubgroup))
            group = group_word(kGroupWords, trimmed(text.substr(kSubgroup.size())));
        const std::size_t status = text.find(';');
        const std::size_t comment = text.find('#');
        if (text.starts_with('#') || status > comment || comment == std::string_view::npos)
            continue;
        if (trimmed(text.substr(status + 1, comment - status - 1)) != "fully-qualified") continue;
        const std::optional<char32_t> code = parse_code_point(trimmed(text.substr(0, status)));
        const std::size_t version = text.find(" E", comment);
        const std::size_t name = text.find(' ', version + 1);
        if (!code || version == std::string_view::npos || name == std::string_view::npos) continue;
        entries.emplace(*code, EmojiEntry{std::string(trimmed(text.substr(name))), group});
    }
    if (in.bad()) throw DataError(path.string() + ": reading failed");
    return entries;
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name.size() <= kMaxNameBytes && name.front() != ' ' &&
           name.back() != ' ' && std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || c == ' ' || c == '-';
           });
}

Kind emoji_kind(const std::string& source, const std::string& name,
                const std::map<char32_t, EmojiEntry>& entries,
                const std::filesystem::path& names_file) {
    const std::optional<char32_t> code = parse_code_point(source);
    if (!code) throw DataError("the code point is not a hexadecimal number up to 10FFFF");
    const auto entry = entries.find(*code);
    if (entry == entries.end()) {
        throw DataError(names_file.string() + " lists no fully-qualified emoji of this code point" +
                        " alone; choose another one for \"" + name + "\"");
    }
    if (entry->second.name.find(name) == std::string::npos) {
        throw DataError("this code point is \"" + entry->second.name + "\" in " +
                        names_file.string() + ", which does not hold \"" + name + "\"");
    }
    return {*code, {}, name, entry->second.group};
}

}  // namespace

std::string_view group_word(std::span<const GroupWord> words, std::string_view place) {
    for (const auto& [prefix, word] : words) {
        if (place.starts_with(prefix)) return word;
    }
    return "object";
}

std::vector<Kind> read_kinds(const std::filesystem::path& kinds_file, std::string_view source,
                             const MakeKind& make_kind) {
    std::ifstream in = open_text(kinds_file, "name the list of kinds with --kinds");
    std::vector<Kind> kinds;
    for (std::string line; std::getline(in, line);) {
        const std::string place = kinds_file.string() + ":" + std::to_string(kinds.size() + 1);
        if (kinds.size() == kMaxKinds) throw DataError(place + ": more than 255 kinds");
        try {
            const std::size_t tab = line.find('\t');
            if (tab == std::string::npos)
                throw DataError("expected " + std::string(source) + "<TAB>NAME");
            const std::string name = line.substr(tab + 1);
            if (!is_plain_name(name)) {
                throw DataError("a name holds 1 to 40 letters a-z, spaces and hyphens: \"" + name +
                                "\"");
            }
            Kind kind = make_kind(line.substr(0, tab), name);
            const bool twice = std::ranges::any_of(kinds, [&](const Kind& other) {
                return other.name == kind.name ||
                       (other.code_point == kind.code_point && other.picture == kind.picture);
            });
            if (twice) throw DataError("the name or " + std::string(source) + " occurs twice");
            kinds.push_back(std::move(kind));
        } catch (const DataError& error) {
            throw DataError(place + ": " + error.what());
        }
    }
    if (in.bad()) throw DataError(kinds_file.string() + ": reading failed");
    if (kinds.size() < kMinKinds) {
        throw DataError(kinds_file.string() + ": " + std::to_string(kinds.size()) +
                        " kinds; at least " + std::to_string(kMinKinds) + " are needed");
    }
    return kinds;
}

std::vector<Kind> load_kinds(const std::filesystem::path& kinds_file,
                             const std::filesystem::path& names_file) {
    const std::map<char32_t, EmojiEntry> entries = read_names(names_file);
    return read_kinds(kinds_file, "code point",
                      [&](const std::string& code, const std::string& name) {
                          return emoji_kind(code, name, entries, names_file);
                      });
}

}  // namespace lip::demo
