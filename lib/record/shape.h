// What the first bytes of a caption file show: its container and its column names.
#pragma once

#include "record/object.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lip::record {

struct ParquetFile;

using TextRows = std::vector<std::vector<std::string>>;

struct Shape {
    enum class Kind {
        kEmpty,
        kDelimited,
        kJsonLines,
        kJsonArray,
        kJsonObject,
        kParquet
    } kind = Kind::kEmpty;
    // JSON: names of the first object at its upper level, as far as the head goes. Parquet: of the
    // columns, once the file is open.
    std::vector<std::string> names;
    std::shared_ptr<ParquetFile> parquet;
    // JSON: the first objects; of Parquet too, once the file is open.
    std::vector<Object> samples;
    // JSON: the file is one object. Its fields as far as the head goes, the last one maybe cut.
    std::vector<Object::Field> document;
    // The names and samples are those of the list of this name in that object.
    std::string field;
    // Delimited text: the complete rows of the head, cut at commas and so on.
    TextRows comma, tab, bar, semicolon;
    char delimiter = '\0';  // the one that --delimiter names; its rows are in `named`
    TextRows named;

    bool is_json() const { return is_objects() && kind != Kind::kParquet; }
    // Rows with names: JSON, and Parquet, which is read as if it were JSON lines.
    bool is_objects() const { return kind != Kind::kEmpty && kind != Kind::kDelimited; }
    bool has(std::string_view name) const;
};

// With a delimiter, text is cut at that one alone.
Shape detect_shape(std::string_view head, char delimiter = '\0');

// The list `field` of the document as if it were the file; nothing if it is no list of objects that
// begins in the head.
std::optional<Shape> inside(const Shape& shape, std::string_view field);

// The rows cut at each delimiter that is tried, special ones last.
std::vector<std::pair<char, const TextRows*>> tables(const Shape& shape);

// Words of a caption in this column on average, in the rows of the head; 0: there is none.
double words_a_caption(const Shape& shape, std::string_view column);

// Length of the JSON object or array at the start of `text`, by its brackets and strings alone; 0
// if it does not end there. `seen` bytes of it were looked at by a call before, which left `state`.
// `mismatch`: it ends with a bracket of the other kind.
struct ScanState {
    std::size_t seen = 0;
    std::string open;  // the brackets
    bool in_string = false, escaped = false, mismatch = false;
};
std::size_t scan_value(std::string_view text, ScanState& state);

}  // namespace lip::record
