// ParquetWriter writes rows of texts and integers as a Parquet file.
#pragma once

#include "record/file.h"
#include "record/parquet/table.h"

#include <memory>
#include <string>
#include <vector>

namespace lip::record {

// Complete under its name after close(), or not there. Memory: at most 64 Ki rows or 16 MB of text,
// and 1 kB for each such group. One thread at a time.
class ParquetWriter {
public:
    // Throws DataError if the file exists or cannot be made, or this build has no Parquet.
    ParquetWriter(const std::string& path, const std::vector<parquet::NewColumn>& columns,
                  bool force);
    ~ParquetWriter();

    // A cell for each column; texts are valid UTF-8. Throws DataError.
    void add(std::span<const parquet::Cell> row);
    void close();

private:
    struct Bytes;
    std::string path_;
    std::unique_ptr<Bytes> bytes_;
    std::unique_ptr<parquet::TableWriter> table_;  // writes to the bytes: ends before them
};

}  // namespace lip::record
