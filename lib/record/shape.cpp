#include "record/shape.h"

#include "record/csv.h"
#include "record/object.h"

#include <algorithm>

namespace lip::record {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::size_t kMostRows = 100;

std::vector<std::vector<std::string>> rows_of(std::string_view head, char delimiter) {
    std::vector<std::vector<std::string>> rows;
    while (!head.empty() && rows.size() < kMostRows) {
        std::vector<std::string> fields;
        bool in_quotes = false;
        std::size_t size = parse_csv_row(head, {delimiter}, false, fields, in_quotes);
        if (size == 0) {
            if (!rows.empty()) break;  // the head ends inside this row
            size = parse_csv_row(head, {delimiter}, true, fields, in_quotes);
            if (size == 0 || in_quotes) break;
        }
        rows.push_back(std::move(fields));
        head.remove_prefix(size);
    }
    return rows;
}

// Names at the upper level of the object at the start of `text`, which may be cut.
std::vector<std::string> names_of(std::string_view text) {
    std::vector<std::string> names;
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '{' || c == '[') ++depth;
        if ((c == '}' || c == ']') && --depth == 0) break;
        if (c != '"') continue;
        const std::size_t begin = i;
        for (++i; i < text.size() && text[i] != '"'; ++i)
            if (text[i] == '\\') ++i;
        if (i >= text.size()) break;
        const std::size_t next = text.find_first_not_of(kSpace, i + 1);
        std::string name;
        if (depth == 1 && next != text.npos && text[next] == ':' &&
            read_text(text.substr(begin, i + 1 - begin), name))
            names.push_back(std::move(name));
    }
    return names;
}

}  // namespace

bool Shape::has(std::string_view name) const {
    return std::ranges::find(names, name) != names.end();
}

Shape detect_shape(std::string_view head) {
    Shape shape;
    if (head.starts_with("PAR1")) {
        shape.kind = Shape::Kind::kParquet;
        return shape;
    }
    if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
    const std::size_t begin = head.find_first_not_of(kSpace);
    if (begin == head.npos) return shape;
    const std::string_view text = head.substr(begin);
    if (text[0] == '[') {
        shape.kind = Shape::Kind::kJsonArray;
        const std::size_t first = text.find_first_not_of(kSpace, 1);
        if (first != text.npos && text[first] == '{') shape.names = names_of(text.substr(first));
    } else if (text[0] == '{') {
        ScanState state;
        const std::size_t size = scan_value(text, state);
        const std::size_t line = text.find('\n');
        // An object that goes on over several lines is one document; so is one that does not end
        // in the head and has no newline before that.
        shape.kind = size > 0 && size <= std::min(line, text.size()) ? Shape::Kind::kJsonLines
                                                                     : Shape::Kind::kJsonObject;
        shape.names = names_of(text);
    } else {
        shape.kind = Shape::Kind::kDelimited;
        shape.comma = rows_of(head, ',');
        shape.tab = rows_of(head, '\t');
    }
    return shape;
}

std::size_t scan_value(std::string_view text, ScanState& state) {
    for (; state.seen < text.size(); ++state.seen) {
        const char c = text[state.seen];
        if (state.in_string) {
            if (state.escaped)
                state.escaped = false;
            else if (c == '\\')
                state.escaped = true;
            else if (c == '"')
                state.in_string = false;
            continue;
        }
        if (c == '"') state.in_string = true;
        if (c == '{' || c == '[') ++state.depth;
        if ((c == '}' || c == ']') && --state.depth <= 0) return state.seen + 1;
    }
    return 0;
}

}  // namespace lip::record
