// What the first bytes of a caption file show: its container and its column names.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

struct ParquetFile;

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
    // Delimited text: the complete rows of the head, cut at commas and at tabs.
    std::vector<std::vector<std::string>> comma, tab;

    bool is_json() const { return is_objects() && kind != Kind::kParquet; }
    // Rows with names: JSON, and Parquet, which is read as if it were JSON lines.
    bool is_objects() const { return kind != Kind::kEmpty && kind != Kind::kDelimited; }
    bool has(std::string_view name) const;
};

Shape detect_shape(std::string_view head);

// Length of the JSON object or array at the start of `text`, by its brackets and strings alone; 0
// if it does not end there. `seen` bytes of it were looked at by a call before, which left `state`.
struct ScanState {
    std::size_t seen = 0;
    int depth = 0;
    bool in_string = false, escaped = false;
};
std::size_t scan_value(std::string_view text, ScanState& state);

}  // namespace lip::record
