// A page of the manual: man/NAME.md, embedded by the build (cmake/embed_pages.cmake). A small
// subset of Markdown: headings are sections, and below them stand paragraphs, bullets, definitions
// (a line with the term, then ":   text") and code indented by four spaces; `literal` and
// *variable* within. A paragraph {{name}} is replaced by what the program knows of it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lip::cli {

struct Block {
    enum class Kind { kParagraph, kHeading, kItem, kTerm, kMore, kCode };  // kMore: of a definition
    Kind kind;
    std::string text;  // one line; of code as many as it has, without the indent
};

struct Section {
    std::string title;  // "OUTPUT"
    std::vector<Block> blocks;
};

struct Page {
    std::string name, number, summary;  // train, 1, "train ..."
    std::vector<Section> sections;

    const Section* find(std::string_view title) const;  // null: there is none
};

using Inserts = std::map<std::string, std::string>;  // Markdown in place of {{name}}

// Throws std::invalid_argument where the title is missing.
Page parse_page(std::string_view markdown, const Inserts& inserts = {});

// The page "train" or "lip.7" that the build embeds, and its source. Throw std::out_of_range.
Page embedded_page(std::string_view name, const Inserts& inserts = {});
std::string_view page_source(std::string_view name);

// A definition list of rows: the form of most inserts.
template <class Rows>
std::string definitions(const Rows& rows) {
    std::string out;
    for (const auto& [term, text] : rows)
        out.append("`").append(term).append("`\n:   ").append(text).append("\n\n");
    return out;
}

// Calls text(part) and mark(style, part): '`' and '*' for what stands between such marks.
template <class Text, class Mark>
void for_each_span(std::string_view line, Text text, Mark mark) {
    std::size_t plain = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c != '`' && c != '*') continue;
        const std::size_t end = line.find(c, i + 1);
        if (end == line.npos || end == i + 1) continue;
        // An asterisk within a word is a character like others: 'train-*.tar'.
        const bool begins_word =
            i == 0 || std::string_view(" (`|=[*").find(line[i - 1]) != line.npos;
        if (c == '*' && (!begins_word || line[i + 1] == ' ' || line[end - 1] == ' ')) continue;
        if (i > plain) text(line.substr(plain, i - plain));
        mark(c, line.substr(i + 1, end - i - 1));
        i = end;
        plain = end + 1;
    }
    if (plain < line.size()) text(line.substr(plain));
}

}  // namespace lip::cli
