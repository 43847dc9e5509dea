// Rows of delimited text with a header.
#pragma once

#include "record/columns.h"

namespace lip::record {

// Throws DataError if the header has a column of --map or --caption not, or no reference at all.
std::unique_ptr<RowReader> delimited_rows(std::unique_ptr<ByteSource> source,
                                          const ImportSettings& settings, const std::string& name,
                                          char delimiter, const Release* release);

}  // namespace lip::record
