// Rows that stand inside one JSON document: a list in an object, columns as lists, captions by the
// name of their image. Such a file is read as a whole.
#pragma once

#include "record/formats.h"
#include "record/input.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

// All bytes of a source. Throws DataError if they are more than 1 GiB.
std::string read_document(ByteSource& source, const std::string& name);

// The rows at `paths` (names joined by dots; "." is the document itself) as JSON lines:
//   [{...}, ...]                   each object
//   {"a": [1, 2], "b": [3, 4]}     columns: {"a":1,"b":3} and {"a":2,"b":4}
//   {"a.jpg": "words"}             {"image":"a.jpg","caption":"words"}; the same for a list of
//   texts
//   {"a.jpg": {...}}               the object, with "image":"a.jpg" in front
// Throws DataError if there is nothing at a path, naming what is there, or something else.
std::string rows_of_document(std::string_view document, const std::vector<std::string>& paths,
                             const std::string& name);

// A source over the text, which it shares.
std::unique_ptr<ByteSource> shared_bytes(std::shared_ptr<const std::string> text);

// A reader of that text: its rows are found again there and not in the file.
std::unique_ptr<RowReader> held_rows(std::unique_ptr<RowReader> rows,
                                     std::shared_ptr<const std::string> text);

}  // namespace lip::record
