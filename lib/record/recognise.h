// Which format a file has, by its columns and values, and what it nearly has.
#pragma once

#include "record/formats.h"
#include "record/shape.h"

#include <optional>
#include <string>
#include <vector>

namespace lip::record {

bool matches(const CaptionFormat& format, const Shape& shape);

// What `format` was recognised by: `columns "image", "caption", 9 words a caption`.
std::string why_recognised(const CaptionFormat& format, const Shape& shape);

// The list of a document that holds only one list of objects.
std::optional<Shape> only_list(const Shape& shape);

// Are all columns of the map among these?
bool names_all(const ColumnMap& map, const std::vector<std::string>& names);

// Why no format fits, what is near, and what to do.
std::string not_recognised(const Shape& shape);

}  // namespace lip::record
