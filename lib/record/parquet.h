// Parquet files as rows: an object a row, as JSON lines would give it. Arrow reads them, in a
// module that is loaded when the first Parquet file is opened.
#pragma once

#include "record/json_rows.h"
#include "record/parquet/table.h"

#include <memory>
#include <string>
#include <vector>

namespace lip::record {

struct ParquetFile {
    std::string name;  // as messages name it
    std::unique_ptr<parquet::Table> table;
    std::vector<std::string> columns;  // that are read
    std::vector<std::string> ahead;    // first rows, read before parquet_rows() gives them

    // The first `n` rows, or as many as can be read.
    const std::vector<std::string>& look_ahead(std::size_t n);
};

// Throws DataError if the file cannot be read, is no plain file, or this build has no Parquet.
std::unique_ptr<parquet::Table> open_parquet_table(const std::string& path,
                                                   const std::string& name);
// Says for the file `name` what the module threw.
[[noreturn]] void parquet_unreadable(const std::string& name, const std::string& problem);

// Throws DataError if the file cannot be read, is no plain file, or this build has no Parquet;
// `map` names the columns of bytes that are texts. Columns of other bytes are left out and named.
std::shared_ptr<ParquetFile> open_parquet(const std::string& path, const std::string& name,
                                          const ColumnMap& map);

// `line` of a row is its number from 1. Rows have no place in a file: they cannot be joined.
// Memory: some hundred rows and a page of each column.
std::unique_ptr<RowReader> parquet_rows(std::shared_ptr<ParquetFile> file,
                                        const ImportSettings& settings, Convert convert,
                                        std::string description);

}  // namespace lip::record
