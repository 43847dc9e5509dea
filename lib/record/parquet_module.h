// The Parquet module (parquet/table.h): Arrow, loaded when the first Parquet file is read or
// written.
#pragma once

#include "record/parquet/table.h"

#include <string>
#include <string_view>

namespace lip::record {

// "Arrow 26.0.1", or "not built in".
std::string_view parquet_version();

struct ParquetModule {
    parquet::Open open = nullptr;
    parquet::Create create = nullptr;
};

// Loads the module; it stays until the end. Throws DataError for the file `name` if this build has
// no Parquet, with `otherwise` as the other remedy, or the module cannot be loaded.
const ParquetModule& parquet_module(const std::string& name, const std::string& otherwise);

}  // namespace lip::record
