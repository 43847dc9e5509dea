// The pictures that stand in a Parquet file themselves.
#pragma once

#include "record/parquet/table.h"

#include <memory>
#include <string>
#include <vector>

namespace lip::record {

// Does a file begin as Parquet does? False for what cannot be opened.
bool is_parquet(const std::string& path);

// One thread at a time. Memory: some rows, 2 MiB of pictures or one.
class ParquetPictures {
public:
    // Throws DataError if the file cannot be read, has no column that can hold pictures, or this
    // build has no Parquet.
    explicit ParquetPictures(const std::string& path);

    // The next picture, named as recaption-ingest names it in "image". False at the end.
    bool next(parquet::Table::Picture& picture);

private:
    std::string name_;
    std::unique_ptr<parquet::Table> table_;
    std::vector<parquet::Table::Picture> row_;
    std::size_t at_ = 0;
};

}  // namespace lip::record
