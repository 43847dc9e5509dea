#include "text/abbreviations.h"

#include "cli/error.h"
#include "text/byte_order_mark.h"
#include "text/letters.h"
#include "text/utf8.h"

#include <algorithm>
#include <array>
#include <fstream>

namespace lip::text {

Abbreviations Abbreviations::builtin() {
    Abbreviations book;
    for (const AbbreviationList& list : builtin_abbreviation_lists()) {
        std::string_view rest = list.words;
        while (!rest.empty()) {
            const std::size_t size = std::min(rest.find(' '), rest.size());
            book.add(rest.substr(0, size), list.role);
            rest.remove_prefix(std::min(size + 1, rest.size()));
        }
    }
    return book;
}

Abbreviations Abbreviations::with_file(const std::filesystem::path& path) {
    Abbreviations book = builtin();
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw cli::DataError(path.string() + ": cannot open the list of abbreviations");
    }
    std::string line;
    for (std::size_t number = 1; std::getline(file, line); ++number) {
        std::string_view word = line;
        if (number == 1) word = without_byte_order_mark(word);
        word = trim(word.substr(0, word.find('#')));
        if (word.empty()) continue;
        const bool is_name = word.ends_with('!');
        if (is_name || word.ends_with('.')) word.remove_suffix(1);
        const bool one_word = std::none_of(word.begin(), word.end(), [](char c) {
            return is_space(static_cast<unsigned char>(c)) || c == '\0';
        });
        if (word.empty() || word.size() > kMaxWord || !one_word) {
            throw cli::DataError(path.string() + ":" + std::to_string(number) +
                                 ": not an abbreviation: expected one word of at most " +
                                 std::to_string(kMaxWord) + " bytes a line");
        }
        book.add(word, is_name ? kBangName : kPlace);
    }
    if (file.bad()) throw cli::DataError(path.string() + ": cannot read the whole list");
    return book;
}

void Abbreviations::add(std::string_view word, Role role) {
    Entry& entry = words_[ascii_lower(word)];
    const bool capital = ascii_lower(word.front()) != word.front();
    Roles& roles = capital ? entry.capitalised : entry.any_case;
    roles = static_cast<Roles>(roles | role);
}

Roles Abbreviations::roles(std::string_view word) const {
    if (word.empty() || word.size() > kMaxWord) return 0;
    std::array<char, kMaxWord> key{};
    std::transform(word.begin(), word.end(), key.begin(), [](char c) { return ascii_lower(c); });
    const auto found = words_.find(std::string_view(key.data(), word.size()));
    if (found == words_.end()) return 0;
    const bool capital = ascii_lower(word.front()) != word.front();
    const Roles extra = capital ? found->second.capitalised : Roles{0};
    return static_cast<Roles>(found->second.any_case | extra);
}

}  // namespace lip::text
