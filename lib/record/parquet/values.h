// Values of Arrow arrays as JSON, as JSON lines would have them.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>

namespace lip::record::parquet {

// Does a value of this type without children have a place in JSON? kBytes: only as a text.
enum class Fit { kValue, kBytes, kNone };
Fit fit_of(const arrow::DataType& type);

// Appends the value at `row`. Texts keep the bytes they have, valid UTF-8 or not; numbers that are
// not finite are null; days and moments are texts of ISO 8601.
void append_value(std::string& out, const arrow::Array& array, std::int64_t row);

}  // namespace lip::record::parquet
