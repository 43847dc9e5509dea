// Rows of delimited text with a header.
#pragma once

#include "record/columns.h"

namespace lip::record {

// How a row is mended before its fields are counted. Thread-safe.
using MendRow = void (*)(std::vector<std::string>& fields);

// Throws DataError if the header has a column of --map or --caption not, or no reference at all.
std::unique_ptr<RowReader> delimited_rows(std::unique_ptr<ByteSource> source,
                                          const ImportSettings& settings, const std::string& name,
                                          char delimiter, const Release* release,
                                          MendRow mend = nullptr);
// How --map finds its columns: cut at the delimiter that has them, else at the one that gives most.
char mapped_delimiter(const Shape& shape, const ImportSettings& settings);

// The same without a header, quotes and --map: these are the columns.
std::unique_ptr<RowReader> plain_rows(std::unique_ptr<ByteSource> source,
                                      const ImportSettings& settings, const std::string& name,
                                      char delimiter, std::vector<Column> columns,
                                      MendRow mend = nullptr);

}  // namespace lip::record
