// JSON objects as rows: a line each, or the elements of an array, and what makes records of them.
#pragma once

#include "record/columns.h"
#include "record/formats.h"
#include "record/shape.h"

#include <functional>
#include <memory>
#include <string>

namespace lip::record {

// Makes a record of an object's text. Thread-safe.
using Convert = std::function<cli::Result<Record>(const std::string& json)>;

// One object a line.
std::unique_ptr<RowReader> json_lines(std::unique_ptr<ByteSource> source,
                                      const ImportSettings& settings, Convert convert,
                                      std::string description);

// The objects of an array: of the file's own, or of the one that the field `field` of the file's
// object holds. Objects without an array around them are rows too. Memory: the largest element.
std::unique_ptr<RowReader> json_elements(std::unique_ptr<ByteSource> source,
                                         const ImportSettings& settings, Convert convert,
                                         std::string description, std::string field = {});

// Lines or elements, as the shape says; or rows of Parquet.
std::unique_ptr<RowReader> json_rows(std::unique_ptr<ByteSource> source,
                                     const ImportSettings& settings, const Shape& shape,
                                     Convert convert, std::string description,
                                     std::string field = {});

// By columns: a text is a caption; of a list of texts each is one. With `presplit` a list is a
// caption cut into sentences that have lost their periods: it is put together again.
Convert by_columns(std::vector<Column> columns, const ImportSettings& settings, bool presplit);

}  // namespace lip::record
