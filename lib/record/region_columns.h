// Boxes in columns of any layout: --region LAYOUT[/SCALE]=BOX[:TEXT[:LABEL]].
#pragma once

#include "record/formats.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lip::record {

// Replaces what the columns hold by regions of the record. A column that the row does not have
// gives none. Boxes in pixels become fractions if the record has width and height, and else
// pixel_regions. What is no box, or cannot be one of this layout and scale, is a bad part.
void add_region_column(Record& record, const RegionColumn& column);

// The rows with regions of these columns. Gives `rows` back if there are none.
std::unique_ptr<RowReader> with_regions(std::unique_ptr<RowReader> rows,
                                        std::vector<RegionColumn> columns);

// The columns that --region names, without the fields inside them.
std::vector<std::string> names_of(const RegionColumn& column);

}  // namespace lip::record
