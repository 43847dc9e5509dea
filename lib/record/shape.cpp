#include "record/shape.h"

#include "cli/log.h"
#include "record/csv.h"
#include "record/slicer.h"
#include "text/byte_order_mark.h"
#include "text/flags.h"
#include "text/utf8.h"

#include <algorithm>
#include <sstream>

namespace lip::record {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::size_t kMostRows = 100;
constexpr std::size_t kMostSamples = 50;

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
        // Names may stand behind a space, as in "a | b".
        if (rows.empty())
            for (std::string& field : fields) field = std::string(text::trim(field));
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

// The complete objects at the start of `text`, at most kMostSamples.
std::vector<Object> objects_of(std::string_view text) {
    std::vector<Object> objects;
    while (objects.size() < kMostSamples) {
        const std::size_t begin = text.find_first_not_of(" \t\r\n,");
        if (begin == text.npos || text[begin] != '{') break;
        text.remove_prefix(begin);
        ScanState state;
        const std::size_t size = scan_value(text, state);
        if (size == 0) break;
        if (auto object = parse_object(text.substr(0, size))) objects.push_back(std::move(*object));
        text.remove_prefix(size);
    }
    return objects;
}

// The fields of the object at the start of `text`, which may be cut.
std::vector<Object::Field> fields_of(std::string_view text) {
    std::vector<Object::Field> fields;
    Slicer slicer(text);
    if (!slicer.enter('{')) return fields;
    while (slicer.more('}')) {
        std::string name;
        if (!read_text(slicer.value(), name) || !slicer.enter(':')) break;
        const std::string_view value = slicer.value();
        if (value.empty()) break;
        fields.push_back({std::move(name), std::string(value)});
    }
    return fields;
}

char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// Words of the texts of a value: of each of a list.
void count_words(std::string_view raw, double& words, double& texts) {
    bool is_array = false;
    for (const std::string_view item : array_items(raw, is_array)) count_words(item, words, texts);
    std::string text;
    if (is_array || !read_text(raw, text) || text::is_missing_caption(text)) return;
    std::istringstream stream(text);
    for (std::string word; stream >> word;) ++words;
    ++texts;
}

}  // namespace

bool Shape::has(std::string_view name) const {
    return std::ranges::find(names, name) != names.end();
}

Shape detect_shape(std::string_view head, char delimiter) {
    Shape shape;
    if (head.starts_with("PAR1")) {
        shape.kind = Shape::Kind::kParquet;
        return shape;
    }
    head = text::without_byte_order_mark(head);
    const std::size_t begin = head.find_first_not_of(kSpace);
    if (begin == head.npos) return shape;
    const std::string_view text = head.substr(begin);
    if (text[0] == '[') {
        shape.kind = Shape::Kind::kJsonArray;
        const std::size_t first = text.find_first_not_of(kSpace, 1);
        if (first != text.npos && text[first] == '{') shape.names = names_of(text.substr(first));
        shape.samples = objects_of(text.substr(1));
    } else if (text[0] == '{') {
        ScanState state;
        const std::size_t size = scan_value(text, state);
        const std::size_t line = text.find('\n');
        // An object that goes on over several lines is one document; so is one that does not end
        // in the head and has no newline before that.
        shape.kind = size > 0 && size <= std::min(line, text.size()) ? Shape::Kind::kJsonLines
                                                                     : Shape::Kind::kJsonObject;
        shape.names = names_of(text);
        shape.samples = objects_of(text);
        if (size == 0 || state.mismatch || text.find_first_not_of(kSpace, size) == text.npos)
            shape.document = fields_of(text);
    } else {
        shape.kind = Shape::Kind::kDelimited;
        shape.delimiter = delimiter;
        if (delimiter != '\0') {
            shape.named = rows_of(head, delimiter);
            return shape;
        }
        shape.comma = rows_of(head, ',');
        shape.tab = rows_of(head, '\t');
        shape.bar = rows_of(head, '|');
        shape.semicolon = rows_of(head, ';');
    }
    return shape;
}

std::optional<Shape> inside(const Shape& shape, std::string_view field) {
    const auto at = std::ranges::find(shape.document, field, &Object::Field::name);
    if (at == shape.document.end() || !at->raw.starts_with('[')) return std::nullopt;
    const std::string_view elements = std::string_view(at->raw).substr(1);
    const std::size_t first = elements.find_first_not_of(kSpace);
    if (first == elements.npos || elements[first] != '{') return std::nullopt;
    Shape inner;
    inner.kind = Shape::Kind::kJsonObject;
    inner.names = names_of(elements.substr(first));
    inner.samples = objects_of(elements);
    inner.field = field;
    return inner;
}

std::vector<std::pair<char, const TextRows*>> tables(const Shape& shape) {
    if (shape.delimiter != '\0') return {{shape.delimiter, &shape.named}};
    return {{',', &shape.comma}, {'\t', &shape.tab}, {'|', &shape.bar}, {';', &shape.semicolon}};
}

double words_a_caption(const Shape& shape, std::string_view column) {
    double words = 0, texts = 0;
    const auto is_column = [&](std::string_view name) {
        return std::ranges::equal(name, column, {}, to_lower, to_lower);
    };
    for (const Object& object : shape.samples)
        for (const Object::Field& field : object.fields)
            if (is_column(field.name)) count_words(field.raw, words, texts);
    for (const auto& [delimiter, rows] : tables(shape)) {
        if (rows->empty()) continue;
        const auto at = std::ranges::find_if(rows->front(), is_column);
        const auto index = static_cast<std::size_t>(at - rows->front().begin());
        if (at == rows->front().end()) continue;
        for (std::size_t i = 1; i < rows->size(); ++i) {
            std::string raw;
            if (index < (*rows)[i].size()) cli::append_json_string(raw, (*rows)[i][index]);
            count_words(raw, words, texts);
        }
    }
    return texts > 0 ? words / texts : 0;
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
        if (c == '{' || c == '[') state.open += c;
        if (c != '}' && c != ']') continue;
        state.mismatch = state.open.empty() || state.open.back() != (c == '}' ? '{' : '[');
        if (!state.open.empty()) state.open.pop_back();
        if (state.mismatch || state.open.empty()) return state.seen + 1;
    }
    return 0;
}

}  // namespace lip::record
