#include "cli/manual.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace lip::cli {
namespace {

using Kind = Block::Kind;

constexpr std::string_view kCode = "    ", kDefinition = ":   ", kItem = "- ", kHeading = "### ";

void replace_inserts(std::string& text, const Inserts& inserts) {
    for (const auto& [name, value] : inserts) {
        const std::string mark = "{{" + name + "}}\n";
        if (const std::size_t at = text.find(mark); at != text.npos)
            text.replace(at, mark.size(), value);
    }
}

// "# train(1) - train models": name, number and summary.
void read_title(Page& page, const std::string& line) {
    const std::size_t open = line.find('('), close = line.find(") - ");
    if (open == line.npos || close == line.npos || open > close)
        throw std::invalid_argument("a page begins with '# NAME(NUMBER) - SUMMARY'");
    page.name = line.substr(2, open - 2);
    page.number = line.substr(open + 1, close - open - 1);
    page.summary = line.substr(close + 4);
}

// Takes the lines of a section.
class Reader {
public:
    explicit Reader(std::vector<Block>& blocks) : blocks_(blocks) {}

    void take(const std::string& line) {
        const bool indented = line.starts_with(kCode);
        if (line.empty()) {
            open_ = false;
        } else if (line.starts_with(kHeading)) {
            begin(Kind::kHeading, line.substr(kHeading.size()));
            open_ = false;
        } else if (line.starts_with(kItem)) {
            begin(Kind::kItem, line.substr(kItem.size()));
        } else if (open_ && line.starts_with(kDefinition)) {  // the line before was its term
            blocks_.back().kind = Kind::kTerm;
            begin(Kind::kMore, line.substr(kDefinition.size()));
        } else if (indented && last() == Kind::kCode) {
            blocks_.back().text += (open_ ? "\n" : "\n\n") + line.substr(kCode.size());
            open_ = true;
        } else if (open_) {
            blocks_.back().text += " " + line.substr(line.find_first_not_of(' '));
        } else if (indented && last() == Kind::kMore) {
            begin(Kind::kMore, line.substr(kCode.size()));
        } else if (indented) {
            begin(Kind::kCode, line.substr(kCode.size()));
        } else {
            begin(Kind::kParagraph, line);
        }
    }

private:
    Kind last() const { return blocks_.empty() ? Kind::kParagraph : blocks_.back().kind; }
    void begin(Kind kind, std::string text) {
        blocks_.push_back({kind, std::move(text)});
        open_ = true;
    }
    std::vector<Block>& blocks_;
    bool open_ = false;  // the last block goes on
};

}  // namespace

const Section* Page::find(std::string_view title) const {
    const auto at = std::ranges::find(sections, title, &Section::title);
    return at == sections.end() ? nullptr : &*at;
}

Page parse_page(std::string_view markdown, const Inserts& inserts) {
    std::string text(markdown);
    replace_inserts(text, inserts);
    Page page;
    std::istringstream lines(text);
    std::string line;
    std::getline(lines, line);
    read_title(page, line);
    while (std::getline(lines, line) && !line.starts_with("## ")) continue;
    while (lines) {
        page.sections.push_back({line.substr(3), {}});
        Reader reader(page.sections.back().blocks);
        while (std::getline(lines, line) && !line.starts_with("## ")) reader.take(line);
    }
    return page;
}

Page embedded_page(std::string_view name, const Inserts& inserts) {
    return parse_page(page_source(name), inserts);
}

}  // namespace lip::cli
